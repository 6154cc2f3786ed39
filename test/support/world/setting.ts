import type { Doing, Trace, Vendor } from './vendor.ts'
import { answer } from './vendor.ts'

/** A system with settings that were there before any run. What a run changed and did not restore is its trace. */
export function settingOf(name: string): Vendor {
  const before = 'old'
  const values = new Map<string, { value: string; by: Doing }>()
  const changes = new Map<string, string>()
  const traceOf = (label: string, { value, by }: { value: string; by: Doing }): Trace => ({
    system: name,
    label,
    id: `${label}=${value}`,
    call_id: by.call_id,
    run_id: by.run_id,
    good: value === 'new',
  })
  return {
    tools: {
      // A repeat under one key still returns the value before the first attempt.
      set_thing(args, by) {
        const [label, value] = [String(args.label), String(args.value)]
        const previous = changes.get(by.key) ?? values.get(label)?.value ?? before
        changes.set(by.key, previous)
        values.set(label, { value, by })
        return answer({ id: label, status: 'ready', previous })
      },
      reset_thing(args, by) {
        values.set(String(args.label), { value: String(args.value), by })
        return answer({})
      },
    },
    traces: () => [...values].flatMap(([label, set]) => (set.value === before ? [] : [traceOf(label, set)])),
    everMade: () => [],
  }
}
