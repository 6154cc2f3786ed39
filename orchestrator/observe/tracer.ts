import type { Event } from '../model/event.ts'
import type { Situation } from '../model/situation.ts'

/** Where a run's trace goes. What is traced is what was recorded: it can be late or lost, and never delays a run. */
export interface Tracer {
  /** Told each event after the record has it. */
  tell(event: Event, situation: Situation): void
  /** Told each append, in milliseconds since 1970. */
  appended(append: { run_id: string; events: number; start: number; end: number; failed: boolean }): void
  /** Hands over what is left, within a few seconds. */
  close(): Promise<void>
}
