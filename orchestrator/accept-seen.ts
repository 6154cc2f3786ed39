import type { Issue } from '../shared/failure.ts'
import { formatPointer } from '../shared/json-pointer.ts'
import type { Config } from './config.ts'
import type { ToldTools } from './execute/list-tools.ts'
import { ProblemError } from './http/problem.ts'
import { type Ceiling, isWithin } from './model/caller.ts'
import type { Catalogue } from './model/catalogue.ts'
import type { Draft } from './model/event.ts'
import { type ComparedTool, compareTools, keepAccepted } from './tool-changes.ts'

export interface SeenParts {
  config: Pick<Config, 'home'>
  journal: { note(drafts: readonly Draft[]): Promise<unknown> }
  /** Of the one server. */
  catalogue: Pick<Catalogue, 'tools'>
  /** What the server tells now. */
  told: ToldTools
  by: string
  /** What limits the runs of whoever accepts: nobody lets others do what theirs may not. */
  ceiling: Pick<Ceiling, 'effect'>
}

/**
 * Has tools count as their server tells them, where that is what somebody saw: tool → fingerprint. All of them, or none: a
 * `ProblemError` says of each what keeps it. Returns those that count so from now on, those that did already among them.
 */
export async function acceptSeen(
  seen: Readonly<Record<string, string>>,
  { config, journal, catalogue, told, by, ceiling }: SeenParts,
): Promise<string[]> {
  const reviewed = new Map([...catalogue.tools.values()].map((tool) => [tool.name, tool]))
  const strange = Object.keys(seen).filter((name) => !reviewed.has(name))
  if (strange.length > 0) throw problem('invalid_input', strange, () => 'is no tool of this server')
  const most = ceiling.effect ?? 'delete'
  const beyond = Object.keys(seen).filter((name) => !isWithin(reviewed.get(name)?.effect ?? 'delete', most))
  if (beyond.length > 0)
    throw problem('denied', beyond, () => `has a greater effect than ${most}, the greatest of this key`)
  const changed = compareTools(catalogue, told, { by, at: new Date().toISOString() })
  const differing = (name: string) => changed.find(({ tool }) => tool === name)
  const faults = new Map(
    Object.entries(seen).flatMap(([name, fingerprint]) => {
      const fault = faultOf(fingerprint, differing(name), reviewed.get(name)?.fingerprint)
      return fault === undefined ? [] : [[name, fault] as const]
    }),
  )
  if (faults.size > 0) throw problem('conflict', [...faults.keys()], (name) => faults.get(name) ?? '')
  const pins = Object.keys(seen).flatMap((name) => differing(name)?.pin ?? [])
  if (pins.length > 0) await keepAccepted(config, journal, pins)
  return Object.keys(seen)
}

/** Why what was seen cannot be accepted; nothing where it can, or counts already. */
function faultOf(seen: string, changed: ComparedTool | undefined, counting: string | undefined): string | undefined {
  if (!changed) return seen === counting ? undefined : `is told as it was reviewed, which is ${counting}`
  if (!changed.pin) return `cannot be accepted: ${changed.why}`
  if (changed.pin.fingerprint !== seen) return `is ${changed.pin.fingerprint} by now: look at it again`
  return undefined
}

function problem(
  kind: 'invalid_input' | 'denied' | 'conflict',
  names: readonly string[],
  why: (name: string) => string,
) {
  const issues = names.map((name): Issue => ({ path: formatPointer(['tools', name]), message: why(name) }))
  return new ProblemError(kind, 'Nothing was accepted', { issues })
}
