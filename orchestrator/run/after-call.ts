import type { FailureKind } from '../../shared/failure.ts'
import type { CallOutcome, CallPurpose } from '../model/call.ts'
import type { ToolContract } from '../model/catalogue.ts'
import type { Next } from '../model/event.ts'

/** How often one call is attempted before its task fails, and how long the pauses between attempts are. */
const attempts = { most: 5, firstPauseMs: 200, longestPauseMs: 20_000 }

/** The longest pause that a vendor is granted. A server may ask for one that no calendar holds. */
const longestAskedMs = 86_400_000

/** Failures that were provably not performed and may pass: the same key is sent again. */
const passing: readonly FailureKind[] = ['rate_limited', 'unavailable']

/** What is known when a call has just ended. */
export interface EndedCall {
  contract: Pick<ToolContract, 'effect' | 'idempotency' | 'lookup' | 'timeout_ms'>
  purpose: CallPurpose
  attempt: number
  /** Of a lookup: which attempt it looks up. */
  lookedUpAttempt?: number
  generation: number
  /** When the first attempt under this key was recorded, and until when the last one may still have its effect. */
  firstIntendedAt: string
  /** Of the call itself; of a lookup: of the call that it looks up. */
  deadline: string
  /** When this very call was recorded. */
  intendedAt: string
  outcome: CallOutcome
}

/**
 * What comes after a call. An uncertain call is repeated with the same key while the key holds, else looked up, soon and
 * again once its deadline has passed, else left to a person. A lookup that finds nothing after the deadline proves absence
 * and opens the next generation.
 * `random` is in [0, 1): full jitter, so that runs that failed together do not come back together.
 */
export function afterCall(call: EndedCall, now: Date, random: number): Next {
  const { outcome, purpose, contract, attempt, generation } = call
  if (outcome.status === 'succeeded') return { do: 'nothing' }

  const mayTryAgain = attempt < attempts.most
  const at = pauseUntil(attempt, outcome.failure.retry_after_ms, now, random)
  const passes = outcome.status === 'uncertain' || passing.includes(outcome.failure.kind)

  if (purpose === 'lookup') {
    const { kind } = outcome.failure
    const isEarly = Date.parse(call.intendedAt) < Date.parse(call.deadline)
    // Asked while the call could still have its effect, neither "not found" nor half of the effect says anything.
    if (isEarly && (kind === 'not_found' || kind === 'unsatisfied'))
      return { do: 'lookup', at: later(call.deadline, at) }
    if (kind === 'not_found') {
      // A vendor may have kept the first key's error and replayed it since: one more key is always tried.
      const wasLast = generation > 0 && (call.lookedUpAttempt ?? 0) >= attempts.most
      if (wasLast) return { do: 'fail', generation: generation + 1 }
      return { do: 'retry', at: now.toISOString(), generation: generation + 1 }
    }
    return passes && mayTryAgain ? { do: 'lookup', at } : { do: 'fail' }
  }
  if (outcome.status === 'failed') return passes && mayTryAgain ? { do: 'retry', at, generation } : { do: 'fail' }
  if (mayTryAgain && mayRepeat(contract, call.firstIntendedAt, new Date(at))) return { do: 'retry', at, generation }
  if (contract.lookup && purpose === 'task') return { do: 'lookup', at }
  return { do: 'fail' }
}

/**
 * True while the same call under the same key, first recorded at an instant, would not happen twice if repeated at another:
 * the vendor has to know the key until the repeat's own deadline, for that late the repeat may arrive.
 */
export function mayRepeat(
  { effect, idempotency, timeout_ms }: Pick<ToolContract, 'effect' | 'idempotency' | 'timeout_ms'>,
  firstIntendedAt: string,
  at: Date,
): boolean {
  if (effect === 'read' || idempotency === 'natural') return true
  if (idempotency === 'none') return false
  return at.getTime() + timeout_ms < Date.parse(firstIntendedAt) + milliseconds(idempotency.keyed)
}

function pauseUntil(attempt: number, retryAfterMs: number | undefined, now: Date, random: number): string {
  const ceiling = Math.min(attempts.longestPauseMs, attempts.firstPauseMs * 2 ** attempt)
  const pause = Math.max(Math.min(retryAfterMs ?? 0, longestAskedMs), Math.round(ceiling * (0.5 + random / 2)))
  return new Date(now.getTime() + pause).toISOString()
}

function later(a: string, b: string): string {
  return Date.parse(a) > Date.parse(b) ? a : b
}

const unitMs: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `24h` in milliseconds; the manifest's schema has checked the form. */
function milliseconds(duration: string): number {
  return Number.parseInt(duration, 10) * (unitMs[duration.at(-1) ?? 's'] ?? 0)
}
