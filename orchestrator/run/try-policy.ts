import { judge } from '../enforce/policy/judge.ts'
import type { Verdict } from '../model/call.ts'
import type { Event } from '../model/event.ts'
import { resolve } from '../model/reference.ts'
import { apply, fold, type Situation } from '../model/situation.ts'
import { contractFor } from './contract-for.ts'
import type { Parts } from './parts.ts'
import { proposal } from './proposal.ts'
import { scopeOf } from './scope.ts'

/** What another policy says of a call that a run has made, or was not let make. */
export interface Trial {
  run_id: string
  seq: number
  task_id: string
  tool: string
  recorded: Verdict
  now: Verdict
}

/** Judges every call of a run's plan again, as the run stood then, under another policy. Calls nothing and records nothing. */
export function tryPolicy(events: readonly Event[], parts: Pick<Parts, 'catalogue' | 'policy'>): Trial[] {
  const [first, ...rest] = events
  if (!first) throw new RangeError('tryPolicy: a run has at least one event')
  const situation = fold([first])
  const trials: Trial[] = []
  const seen = new Set<string>()
  for (const event of rest) {
    const judged = judgedIn(event)
    const now = judged && !seen.has(judged.key) ? judgeAgain(situation, judged.task_id, parts) : undefined
    if (judged && now) {
      seen.add(judged.key)
      const { task_id, tool, verdict } = judged
      trials.push({ run_id: event.run_id, seq: event.seq, task_id, tool, recorded: verdict, now })
    }
    apply(situation, event)
  }
  return trials
}

/** What came of judging runs by another policy, as every door tells it. */
export interface TrialDocument {
  /** How many runs were looked at, and how many calls of theirs were judged. */
  runs: number
  calls: number
  /** The calls with which something else would have happened. */
  otherwise: Trial[]
}

export function trialDocument(runs: number, tried: readonly Trial[]): TrialDocument {
  return { runs, calls: tried.length, otherwise: tried.filter(isOtherwise) }
}

/** How far back runs are looked at where nobody says. */
export const usualTrialMs = 7 * 24 * 60 * 60 * 1_000

/** True where the other policy would have let something else happen. */
export function isOtherwise({ recorded, now }: Pick<Trial, 'recorded' | 'now'>): boolean {
  return recorded.verdict !== now.verdict || recorded.four_eyes !== now.four_eyes
}

/** The verdict that an event holds of a call of the plan; a repeat of the same call has the same key. */
function judgedIn(event: Event): { key: string; task_id: string; tool: string; verdict: Verdict } | undefined {
  switch (event.type) {
    case 'call_intended': {
      const { task_id, purpose, server, tool, verdict, arguments_digest } = event.data
      if (purpose !== 'task') return undefined
      return { key: `${task_id} ${arguments_digest}`, task_id, tool: `${server}.${tool}`, verdict }
    }
    case 'wait_started': {
      const { task_id, approval } = event.data
      if (!approval || task_id === undefined) return undefined
      return { key: `${task_id} ${approval.arguments_digest}`, task_id, tool: approval.tool, verdict: approval.verdict }
    }
    case 'task_refused': {
      const { task_id, tool, verdict, failure, arguments_digest } = event.data
      // What failed before policy was asked has its kind in the place of a rule.
      if (verdict.rule === failure.kind) return undefined
      return { key: `${task_id} ${arguments_digest}`, task_id, tool, verdict }
    }
    default:
      return undefined
  }
}

function judgeAgain(
  situation: Situation,
  taskId: string,
  parts: Pick<Parts, 'catalogue' | 'policy'>,
): Verdict | undefined {
  const task = situation.tasks.get(taskId)
  const resolution = task && resolve(task.arguments, scopeOf(situation))
  if (!task || !resolution?.ok) return undefined
  const { value, provenance } = resolution
  const tool = contractFor(situation, task.tool, parts)
  const call = { tool, arguments: value, provenance, purpose: 'task' as const, task }
  return judge(proposal(situation, call, parts.catalogue), parts.policy)
}
