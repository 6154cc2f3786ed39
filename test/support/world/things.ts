import type { JsonObject } from '../../../shared/json.ts'
import type { Doing, Trace } from './vendor.ts'

export interface Thing extends Trace {
  values: JsonObject
}

/** The things of one kind in a system, and the memory of those that are gone. */
export class Things {
  private readonly system: string
  private readonly kind: string
  private readonly made: Thing[] = []
  private readonly gone = new Set<string>()

  constructor(system: string, kind: string) {
    this.system = system
    this.kind = kind
  }

  make(label: string, values: JsonObject, { run_id, call_id, mishap }: Doing): Thing {
    const id = `${this.kind}_${this.made.length + 1}`
    const thing = { system: this.system, label, id, call_id, run_id, good: mishap === undefined, values }
    this.made.push(thing)
    return thing
  }

  find(matches: (thing: Thing) => boolean): Thing | undefined {
    return this.present().findLast(matches)
  }

  /** True when there was something to remove. */
  remove(matches: (thing: Thing) => boolean): boolean {
    const found = this.present().filter(matches)
    for (const { id } of found) this.gone.add(id)
    return found.length > 0
  }

  present(): Thing[] {
    return this.made.filter(({ id }) => !this.gone.has(id))
  }

  everMade(): Thing[] {
    return this.made
  }

  /** True for what was made here and removed since. */
  wasRemoved({ id }: Thing): boolean {
    return this.gone.has(id)
  }
}
