/** Why a call is no longer waited for. */
export type Impatience = 'cancelled' | 'too_late' | 'closing'

/** How long a call is waited for. It holds a timer and two listeners until it is released. */
export interface Patience {
  /** Aborts when it runs out. */
  signal: AbortSignal
  /** Undefined while it lasts. */
  ranOut(): Impatience | undefined
  release(): void
}

export interface PatienceOptions {
  /** The caller's. */
  cancel?: AbortSignal
  /** The gateway's. */
  closing?: AbortSignal
  remainingMs: number
}

/** What a timer can hold. */
const longestTimerMs = 2_147_483_647

/** Waits until the deadline, unless the caller cancels or the gateway closes before. */
export function patience({ cancel, closing, remainingMs }: PatienceOptions): Patience {
  const controller = new AbortController()
  let why: Impatience | undefined
  const end = (reason: Impatience) => {
    release()
    why ??= reason
    controller.abort(reason)
  }
  const onClosing = () => end('closing')
  const onCancel = () => end('cancelled')
  const onDeadline = () => end('too_late')
  const timer = setTimeout(onDeadline, Math.min(Math.max(remainingMs, 0), longestTimerMs))
  cancel?.addEventListener('abort', onCancel)
  closing?.addEventListener('abort', onClosing)
  const release = () => {
    clearTimeout(timer)
    cancel?.removeEventListener('abort', onCancel)
    closing?.removeEventListener('abort', onClosing)
  }
  if (closing?.aborted) onClosing()
  else if (cancel?.aborted) onCancel()
  else if (remainingMs <= 0) onDeadline()
  return { signal: controller.signal, ranOut: () => why, release }
}

/** The promise, or a rejection with the signal's reason as soon as it aborts. */
export function orAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  if (signal.aborted) return Promise.reject(signal.reason)
  const aborted = Promise.withResolvers<never>()
  const stop = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', stop)
  return Promise.race([promise, aborted.promise]).finally(() => signal.removeEventListener('abort', stop))
}
