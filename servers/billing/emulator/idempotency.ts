import { digest } from '../../../shared/json.ts'
import type { Form } from './form.ts'
import type { EmulatorState, KeptReply } from './state.ts'
import { StripeRejection } from './stripe-rejection.ts'

const keptSeconds = 24 * 60 * 60
const maxKeyLength = 255

/** Which request a key belongs to: its method, path and parameters. */
export function requestDigest(method: string, path: string, form: Form): string {
  return digest([method, path, form])
}

/**
 * Stripe's idempotency: a key's first reply is kept for a day, whatever its status, and given again to the same request.
 * A request that never began (400, 401, 403, 404, 409 and the emulator's own 501 and 503) leaves the key free.
 */
export class IdempotencyKeys {
  readonly #replies: EmulatorState['replies']
  readonly #now: () => number
  readonly #inFlight = new Set<string>()

  constructor(replies: EmulatorState['replies'], now: () => number) {
    this.#replies = replies
    this.#now = now
  }

  /** The kept reply, or undefined when the request is to be carried out; then `end` must follow. Throws 400 or 409. */
  begin(key: string, request: string): KeptReply | undefined {
    if (key.length > maxKeyLength) throw idempotencyError(400, 'Keys for idempotent requests may have 255 characters.')
    if (this.#inFlight.has(key)) {
      const message = 'There is currently another in-progress request using this Idempotency-Key.'
      throw idempotencyError(409, message, 'idempotency_key_in_use')
    }
    this.#forgetOld()
    const kept = this.#replies[key]
    if (kept && kept.request !== request) {
      const message =
        'Keys for idempotent requests can only be used with the same parameters they were first used with.'
      throw idempotencyError(400, message)
    }
    if (!kept) this.#inFlight.add(key)
    return kept
  }

  /** Keeps the reply, unless the request never began. */
  end(key: string, request: string, reply: { status: number; body: unknown }): void {
    this.#inFlight.delete(key)
    if (neverBegan.has(reply.status)) return
    this.#replies[key] = { request, ...reply, created: this.#now() }
  }

  #forgetOld(): void {
    const oldest = this.#now() - keptSeconds
    for (const [key, { created }] of Object.entries(this.#replies)) if (created < oldest) delete this.#replies[key]
  }
}

const neverBegan = new Set([400, 401, 403, 404, 409, 501, 503])

function idempotencyError(status: 400 | 409, message: string, code?: string): StripeRejection {
  return new StripeRejection(status, { type: 'idempotency_error', message, ...(code !== undefined && { code }) })
}
