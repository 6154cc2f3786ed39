import type { JsonObject } from '../../../shared/json.ts'
import type { Traits } from './houses.ts'
import { Things } from './things.ts'
import { type Answer, answer, fail, type Vendor } from './vendor.ts'

/** A system in which things are made, found and removed, with these traits. */
export function makerOf(name: string, { idempotency, remembersRemoval }: Traits): Vendor {
  const things = new Things(name, name)
  const byKey = new Map<string, ReturnType<Things['make']>>()
  const labelOf = (args: JsonObject) => String(args.label)
  return {
    tools: {
      make_thing(args, doing): Answer {
        const label = labelOf(args)
        const before = byKey.get(doing.key)
        if (remembersRemoval && before && things.wasRemoved(before))
          return fail('conflict', `This key made ${before.id}, which was removed.`)
        const known = idempotency === 'natural' ? things.find((thing) => thing.label === label) : undefined
        const thing = known ?? things.make(label, args, doing)
        if (known && !doing.mishap) known.good = true
        byKey.set(doing.key, thing)
        if (doing.mishap === 'half') return fail('unavailable', 'It broke off half-way.', { done: { id: thing.id } })
        return answer({ id: thing.id, status: thing.good ? 'ready' : 'poor' })
      },
      find_thing(args): Answer {
        const found = things.find(({ label }) => label === labelOf(args))
        return found
          ? answer({ id: found.id, status: found.good ? 'ready' : 'poor' })
          : fail('not_found', `There is nothing called ${labelOf(args)}.`)
      },
      remove_thing(args): Answer {
        const removed = things.remove(({ id, label }) => ('id' in args ? id === args.id : label === args.label))
        return answer({ removed })
      },
    },
    traces: () => things.present(),
    everMade: () => things.everMade(),
  }
}
