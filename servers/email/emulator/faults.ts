import { type Faults, openFaults } from '../../../shared/capability/emulator-faults.ts'

/** Bad days that can be rehearsed: every recipient bounces; two deferrals; one message whose acceptance is never told. */
export type MailFaults = Faults<'bounce' | 'defer' | 'lost'>

export function openMailFaults(): MailFaults {
  return openFaults({ bounce: Number.POSITIVE_INFINITY, defer: 2, lost: 1 })
}
