/** Bounds how much goes on at once; what is too much waits its turn, in order. */
export interface Lanes {
  /** Resolves with the way out of a lane, to be called once. Rejects with the signal's reason when it aborts first. */
  enter(signal: AbortSignal): Promise<() => void>
  taken(): number
  waiting(): number
}

export function lanes(count: number): Lanes {
  // A set keeps the order of arrival, and one who gives up leaves it at no cost.
  const queue = new Set<() => void>()
  let taken = 0

  function wayOut(): () => void {
    let left = false
    return () => {
      if (left) return
      left = true
      const [next] = queue
      if (next) next()
      else taken -= 1
    }
  }

  return {
    enter(signal) {
      if (signal.aborted) return Promise.reject(signal.reason)
      if (taken < count) {
        taken += 1
        return Promise.resolve(wayOut())
      }
      return new Promise((resolve, reject) => {
        const leave = () => {
          queue.delete(admit)
          signal.removeEventListener('abort', giveUp)
        }
        // The lane is handed over, so that nobody who comes later can slip in between.
        const admit = () => {
          leave()
          resolve(wayOut())
        }
        const giveUp = () => {
          leave()
          reject(signal.reason)
        }
        queue.add(admit)
        signal.addEventListener('abort', giveUp)
      })
    },
    taken: () => taken,
    waiting: () => queue.size,
  }
}
