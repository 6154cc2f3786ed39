import type { Progress } from '../model/call.ts'

/** Passes on reports up to a rate; of what is too much only the latest is kept. */
export interface ProgressThrottle {
  report(progress: Progress): void
  /** Passes on what is still held back, so that the last word is never lost, and ends. */
  end(): void
}

const burst = 50
const refillMs = 50

/** At most 50 reports at once and 20 a second after that. What `pass` throws is the caller's own trouble and stays here. */
export function throttleProgress(pass: (progress: Progress) => void): ProgressThrottle {
  let free = burst
  let countedAt = performance.now()
  let held: Progress | undefined
  let timer: NodeJS.Timeout | undefined
  let ended = false

  const deliver = (progress: Progress) => {
    held = undefined
    try {
      pass(progress)
    } catch {
      // A watcher that fails must not change what becomes of the call.
    }
  }
  return {
    report(progress) {
      if (ended) return
      const now = performance.now()
      free = Math.min(burst, free + (now - countedAt) / refillMs)
      countedAt = now
      if (free >= 1 && !timer) {
        free -= 1
        deliver(progress)
        return
      }
      held = progress
      timer ??= setTimeout(() => {
        timer = undefined
        if (held) deliver(held)
      }, refillMs)
    },
    end() {
      if (ended) return
      ended = true
      clearTimeout(timer)
      if (held) deliver(held)
    },
  }
}
