import { setTimeout as sleep } from 'node:timers/promises'
import { isUnavailable, RecordUnavailableError } from './record-errors.ts'

/** How long a statement may go on trying, and whether one of its attempts may have been stored unknown to us. */
export interface Patience {
  end: number
  replyLost: boolean
}

export function patienceOf(milliseconds: number): Patience {
  return { end: Date.now() + milliseconds, replyLost: false }
}

/** Tries until Postgres answers; throws a {@link RecordUnavailableError} once the patience is at its end. */
export async function whileUnavailable<Result>(patience: Patience, attempt: () => Promise<Result>): Promise<Result> {
  for (let pause = 10; ; pause = Math.min(pause * 2, 500)) {
    try {
      return await attempt()
    } catch (error) {
      if (!isUnavailable(error)) throw error
      patience.replyLost = true
      if (Date.now() + pause > patience.end) throw new RecordUnavailableError(error)
    }
    await sleep(pause)
  }
}

/** One attempt, whose failure says as a {@link RecordUnavailableError} that Postgres is away. */
export async function unlessUnavailable<Result>(attempt: () => Promise<Result>): Promise<Result> {
  try {
    return await attempt()
  } catch (error) {
    throw isUnavailable(error) ? new RecordUnavailableError(error) : error
  }
}
