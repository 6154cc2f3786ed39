import { type Environment, type Found, readSource, revisionOf, type Source } from './read-source.ts'

/** A credential that is read when it is needed, so that a new value at its source is used without a restart. */
export interface LiveCredential {
  /** The value as the source gives it now, or gave it a moment ago. */
  current(): Promise<Found>
  /** The vendor refused the value: the next use asks the source again. */
  refused(): void
  /** Every value that was given so far, so that none of them is ever shown. */
  seen(): readonly string[]
}

/** How long the answer of a command is used; a file is looked at each time, which costs next to nothing. */
const commandAnswerMs = 60_000

/** Only the source is kept at first: nothing is read before the first use. */
export function liveCredential(source: Source, environment: Environment, now: () => number = Date.now): LiveCredential {
  const seen = new Set<string>()
  let held: { value: string; revision: string | undefined; at: number } | undefined
  let asking: Promise<Found> | undefined

  async function isCurrent(): Promise<boolean> {
    if (!held) return false
    const revision = await revisionOf(source)
    return revision === undefined ? now() - held.at < commandAnswerMs : revision === held.revision
  }

  /** The revision is taken first: a change in between is then seen the next time. */
  async function ask(): Promise<Found> {
    const [revision, at] = [await revisionOf(source), now()]
    const found = await readSource(source, environment)
    held = 'value' in found ? { value: found.value, revision, at } : undefined
    if (held) seen.add(held.value)
    return found
  }

  return {
    async current() {
      if (held && (await isCurrent()) && held) return { value: held.value }
      asking ??= ask().finally(() => {
        asking = undefined
      })
      return asking
    },
    refused() {
      held = undefined
    },
    seen: () => [...seen],
  }
}
