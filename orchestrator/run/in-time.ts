import type { Situation } from '../model/situation.ts'
import type { Timed } from './parts.ts'

/** Until when a question may be answered. */
export function inTime({ created }: Situation, { clock }: Timed): string {
  const seconds = created.goal.answer?.within_s ?? answerSeconds
  return new Date(clock.now().getTime() + seconds * 1_000).toISOString()
}

/** Of a goal that was recorded before goals said so: a week. */
const answerSeconds = 7 * 24 * 3_600
