import type { Progress } from '../../model/call.ts'
import type { Event } from '../../model/event.ts'
import type { Situation } from '../../model/situation.ts'
import type { Line } from '../text/line.ts'
import type { Asked } from './asked.ts'
import type { InFlight } from './in-flight.ts'

export type Of<Type extends Event['type']> = Extract<Event, { type: Type }>

/** Tells one run, event by event, in lines that are only ever appended. `situation` has taken the event at least. */
export interface Teller {
  readonly inFlight: InFlight
  readonly asked: Asked
  tell(event: Event, situation: Situation): Line[]
  /** What a long call says of itself. */
  progress(callId: string, progress: Progress, now: number): Line[]
}
