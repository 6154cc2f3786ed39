/** Something that may be rung at any time, and is heard once however often it was: also by who listens only later. */
export class Bell {
  private isRung = false
  private listener: (() => void) | undefined

  ring(): void {
    this.isRung = true
    this.listener?.()
  }

  /** Resolves once it has been rung since it was heard last, after a while, or when the signal aborts. */
  async heard(withinMs: number, signal: AbortSignal): Promise<void> {
    if (!this.isRung && !signal.aborted) await this.untilRung(withinMs, signal)
    this.isRung = false
  }

  private untilRung(withinMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        this.listener = undefined
        resolve()
      }
      const timer = setTimeout(done, withinMs)
      signal.addEventListener('abort', done, { once: true })
      this.listener = done
    })
  }
}
