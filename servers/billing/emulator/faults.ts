import { z } from 'zod'
import { StripeRejection } from './stripe-rejection.ts'

/**
 * Bad days to rehearse. `flaky`: 503 twice, then fine. `down`: 503 until cleared. `lost`: the next change happens and its
 * reply is lost. `declined`: cards are declined when a subscription is created, until cleared.
 */
export const faultModeSchema = z.enum(['flaky', 'down', 'lost', 'declined'])
type FaultMode = z.infer<typeof faultModeSchema>

const flakyRefusals = 2

/** The fault in force, if any; it does not outlive the process. */
export class Faults {
  #mode: FaultMode | null = null
  #refusalsLeft = 0

  get mode(): FaultMode | null {
    return this.#mode
  }

  arm(mode: FaultMode | null): void {
    this.#mode = mode
    this.#refusalsLeft = mode === 'flaky' ? flakyRefusals : 0
  }

  /** Throws 503 while the emulator plays dead. */
  refuseWhenAway(): void {
    if (this.#mode === 'flaky') {
      this.#refusalsLeft -= 1
      if (this.#refusalsLeft <= 0) this.#mode = null
    } else if (this.#mode !== 'down') return
    throw new StripeRejection(503, { type: 'api_error', message: 'The service is unavailable; try again later.' })
  }

  /** True once after `lost` was armed. */
  takeLostReply(): boolean {
    if (this.#mode !== 'lost') return false
    this.#mode = null
    return true
  }
}
