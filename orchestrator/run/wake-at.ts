import type { Situation } from '../model/situation.ts'
import { nextStep } from './next-step.ts'

/** A run that waits for a sub-goal looks after it again this long after, should no notice come. */
export const askAgainMs = 60_000

/**
 * When a run goes on by itself: at the end of a back-off, a delay or a question's time. Null where only a person can wake
 * it, and where something is under way or due at once; a run that waits for one thing while another is due says so by now.
 */
export function wakeAt(situation: Situation, now: Date): string | null {
  const asks = [...situation.waits.values()].flatMap(({ call_id }) => call_id ?? [])
  if (situation.finished || situation.unsettled.size > asks.length) return null
  const step = nextStep(situation, now)
  if (step.do !== 'pause' && step.do !== 'park') return situation.status === 'waiting' ? now.toISOString() : null
  const until = step.until ?? null
  const again = new Date(now.getTime() + askAgainMs).toISOString()
  return asks.length > 0 && (until === null || until > again) ? again : until
}
