/** Who in this process wants to know when a run was woken or has grown. */
export class Wakes {
  private readonly listeners = new Map<string, Set<() => void>>()
  private readonly everyone = new Set<() => void>()

  /** A run was woken; without an id, any may have been. */
  tell(runId: string | undefined): void {
    const listeners = runId === undefined ? [...this.listeners.values()] : [this.listeners.get(runId) ?? []]
    for (const each of listeners) for (const listener of [...each]) listener()
    for (const listener of [...this.everyone]) listener()
  }

  /** Calls back at each wake of a run until the returned function is called. */
  on(runId: string, listener: () => void): () => void {
    const known = this.listeners.get(runId) ?? new Set()
    this.listeners.set(runId, known.add(listener))
    return () => {
      known.delete(listener)
      if (known.size === 0) this.listeners.delete(runId)
    }
  }

  /** Calls back at each wake of any run until the returned function is called. */
  onAny(listener: () => void): () => void {
    this.everyone.add(listener)
    return () => this.everyone.delete(listener)
  }

  /** Resolves at the next wake of one of the runs, after a while, or when the signal aborts. */
  next(runIds: readonly string[], withinMs: number, signal: AbortSignal): Promise<void> {
    return untilOneOf(
      (done) => {
        const offs = runIds.map((runId) => this.on(runId, done))
        return () => {
          for (const off of offs) off()
        }
      },
      withinMs,
      signal,
    )
  }
}

function untilOneOf(listen: (done: () => void) => () => void, withinMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      off()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, withinMs)
    const off = listen(done)
    signal.addEventListener('abort', done, { once: true })
  })
}
