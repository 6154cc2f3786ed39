import { InterruptedError, type OpenOptions, type Remit, type Workplace } from './remit.ts'
import type { Terminal } from './terminal.ts'

/**
 * Opens Remit so that Ctrl-C leaves nothing running: while it opens, what was started is stopped again and
 * {@link InterruptedError} is thrown; while it closes, it closes to the end. In between, Ctrl-C is the caller's.
 */
export async function openInterruptibly(
  { workplace, terminal }: { workplace: Workplace; terminal: Terminal },
  options: OpenOptions,
  onInterrupt: () => void,
): Promise<Remit> {
  const interrupt = new AbortController()
  const { signal } = interrupt
  const off = terminal.onInterrupt(() => {
    if (signal.aborted) return
    onInterrupt()
    interrupt.abort(new InterruptedError())
  })
  try {
    // A terminal's Ctrl-C reaches children too, so what fails after it mostly fails because of it.
    const remit = await workplace.open({ ...options, signal }).catch((error: unknown) => {
      throw signal.aborted && error !== signal.reason ? new InterruptedError(error) : error
    })
    const close = () => shielded(terminal, () => remit.close())
    if (!signal.aborted) return { ...remit, close }
    await close()
    throw signal.reason
  } finally {
    off()
  }
}

/** Does work that Ctrl-C aborts by a signal, whose reason is an {@link InterruptedError}. */
export async function interruptible<Result>(
  terminal: Terminal,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const interrupt = new AbortController()
  const off = terminal.onInterrupt(() => interrupt.abort(new InterruptedError()))
  try {
    return await work(interrupt.signal)
  } finally {
    off()
  }
}

/** Does the work until Ctrl-C, which throws {@link InterruptedError}. What the work holds, the caller closes. */
export async function untilInterrupted<Result>(terminal: Terminal, work: () => Promise<Result>): Promise<Result> {
  const interrupted = Promise.withResolvers<never>()
  const off = terminal.onInterrupt(() => interrupted.reject(new InterruptedError()))
  try {
    return await Promise.race([work(), interrupted.promise])
  } finally {
    off()
  }
}

async function shielded(terminal: Terminal, work: () => Promise<void>): Promise<void> {
  const off = terminal.onInterrupt(() => undefined)
  try {
    await work()
  } finally {
    off()
  }
}
