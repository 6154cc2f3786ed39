import { type Faults, openFaults } from '../../../shared/capability/emulator-faults.ts'
import { StripeRejection } from './stripe-rejection.ts'

/**
 * Bad days to rehearse. `flaky`: 503 twice, then fine. `down`: 503 until cleared. `lost`: the next change happens and its
 * reply is lost. `declined`: cards are declined when a subscription is started or renewed, until cleared.
 */
export type BillingFaults = Faults<'flaky' | 'down' | 'lost' | 'declined'>

export function openBillingFaults(): BillingFaults {
  const untilCleared = Number.POSITIVE_INFINITY
  return openFaults({ flaky: 2, down: untilCleared, lost: 1, declined: untilCleared })
}

/** Throws 503 while the emulator plays dead. */
export function refuseWhenAway(faults: BillingFaults): void {
  if (!faults.take('flaky') && !faults.take('down')) return
  throw new StripeRejection(503, { type: 'api_error', message: 'The service is unavailable; try again later.' })
}
