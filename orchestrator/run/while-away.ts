import { isUnavailable, RecordUnavailableError } from '../record/record-errors.ts'
import type { Parts } from './parts.ts'

/** How long a record that is away is waited for, where nobody says otherwise. */
export const usualOutageMs = 30_000

/** How long one attempt is after the other, at most; each waits a while for the record by itself. */
const pauseMs = 500

export interface Waiting extends Pick<Parts, 'clock'> {
  /** Stops waiting. */
  signal: AbortSignal
  /** How long the record may be away before its error is thrown. */
  longestMs?: number | undefined
  /** Told of each attempt that failed for want of the record, but the last. */
  onAway?: ((error: unknown) => void) | undefined
}

/** True where an error says that the record could not be reached, and nothing else. */
export function isAway(error: unknown): boolean {
  return error instanceof RecordUnavailableError || isUnavailable(error)
}

/** Tries until the record answers. Undefined where that was stopped first. */
export async function whileAway<Result>(
  attempt: () => Promise<Result>,
  { clock, signal, longestMs = usualOutageMs, onAway }: Waiting,
): Promise<Result | undefined> {
  const begun = clock.now().getTime()
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (!isAway(error) || clock.now().getTime() - begun >= longestMs) throw error
      onAway?.(error)
    }
    if (signal.aborted) return undefined
    await clock.sleepUntil(new Date(clock.now().getTime() + pauseMs), signal)
    if (signal.aborted) return undefined
  }
}
