import { type ChildProcess, spawn } from 'node:child_process'

/** How the processes are started. They must end when their stdin does: so they end with this process, however that ends. */
export interface Launch {
  command: string
  args: readonly string[]
  cwd: string
  env: Readonly<Record<string, string | undefined>>
}

/** Processes beside this one. */
export interface KeptProcesses {
  /** Asks each to stop at once, where it was asked to end already. */
  stop(): void
  /** Asks each to end, and waits until it has; one that does not is killed after a while. */
  close(): Promise<void>
}

export interface Patience {
  /** How long one that died is left alone before another is started in its place: `wellMs` is how long a good one lives. */
  restart: { firstMs: number; longestMs: number; wellMs: number }
  /** How long one may take to end, in order and at once, before it is killed. */
  leaveMs: number
  stopMs: number
}

const usual: Patience = {
  restart: { firstMs: 500, longestMs: 30_000, wellMs: 60_000 },
  leaveMs: 90_000,
  stopMs: 15_000,
}

/** Starts processes that are alike, and starts each again when it dies or could not be started. */
export function keepProcesses(launch: Launch, count: number, patience: Patience = usual): KeptProcesses {
  const { restart, leaveMs, stopMs } = patience
  const live = new Map<ChildProcess, Promise<void>>()
  const timers = new Set<NodeJS.Timeout>()
  let closing = false

  const start = (pauseMs: number): void => {
    const begun = Date.now()
    const child = spawn(launch.command, launch.args, {
      cwd: launch.cwd,
      env: { ...launch.env },
      stdio: ['pipe', 'inherit', 'inherit'],
      // In a group of its own: a Ctrl-C is for this process to pass on.
      detached: true,
    })
    // One that has just died cannot take the end of its stdin any more.
    child.stdin?.on('error', () => {})
    const end = ended(child)
    live.set(child, end)
    void end.then(() => {
      live.delete(child)
      if (closing) return
      const next = Date.now() - begun > restart.wellMs ? restart.firstMs : Math.min(pauseMs * 2, restart.longestMs)
      after(pauseMs, () => start(next))
    })
  }
  const after = (ms: number, work: () => void): void => {
    const timer = setTimeout(() => {
      timers.delete(timer)
      work()
    }, ms)
    timers.add(timer)
  }
  const killAfter = (ms: number) => after(ms, () => signalAll('SIGKILL'))
  const signalAll = (signal: NodeJS.Signals) => {
    for (const child of live.keys()) child.kill(signal)
  }
  const clear = () => {
    for (const timer of timers) clearTimeout(timer)
    timers.clear()
  }

  for (let index = 0; index < count; index++) start(restart.firstMs)
  return {
    stop() {
      signalAll('SIGTERM')
      killAfter(stopMs)
    },
    async close() {
      if (!closing) clear()
      closing = true
      for (const child of live.keys()) child.stdin?.end()
      killAfter(leaveMs)
      await Promise.all(live.values())
      clear()
    },
  }
}

/** Resolves once the process has ended, or could not be started. */
function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => {
      if (child.pid === undefined) resolve()
    })
  })
}
