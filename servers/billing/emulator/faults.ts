import { type Faults, openFaults } from '../../../shared/capability/emulator.ts'
import type { faults } from '../faults.ts'
import { StripeRejection } from './stripe-rejection.ts'

export type BillingFaults = Faults<keyof typeof faults>

export function openBillingFaults(): BillingFaults {
  const untilCleared = Number.POSITIVE_INFINITY
  return openFaults({
    flaky: 2,
    down: untilCleared,
    lost: 1,
    busy: 1,
    crash: 1,
    stalled: 1,
    limited: 2,
    declined: untilCleared,
  })
}

/** Throws 503 while the emulator plays dead, and 429 while it takes no more. */
export function refuseWhenAway(faults: BillingFaults): void {
  if (faults.take('limited')) {
    const message = 'Request rate limit exceeded.'
    throw new StripeRejection(429, { type: 'invalid_request_error', code: 'rate_limit', message })
  }
  if (!faults.take('flaky') && !faults.take('down')) return
  throw new StripeRejection(503, { type: 'api_error', message: 'The service is unavailable; try again later.' })
}
