import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Config } from './config.ts'

/** Worker processes beside this one. */
export interface WorkerProcesses {
  /** Asks each to stop, and waits until it has. */
  close(): Promise<void>
}

/** How long a worker that died is left alone before another is started in its place. */
const restartMs = { first: 500, longest: 30_000, wellMs: 60_000 }

/**
 * Starts worker processes and starts each again when it dies. They hold our end of their stdin, so they stop by themselves
 * when this process dies, however it does.
 */
export function startWorkerProcesses(config: Config, count: number, { runs }: { runs: number }): WorkerProcesses {
  const live = new Set<ChildProcess>()
  const timers = new Set<NodeJS.Timeout>()
  let closing = false

  const start = (pauseMs: number): void => {
    const args = [join(config.root, 'orchestrator', 'main.ts'), 'start', '--tied', '--runs', String(runs), '--json']
    const begun = Date.now()
    const child = spawn(process.execPath, args, {
      cwd: config.invocationFolder,
      env: { ...config.environment },
      stdio: ['pipe', 'inherit', 'inherit'],
      // In a group of its own: a Ctrl-C is for this process to pass on.
      detached: true,
    })
    live.add(child)
    child.once('exit', () => {
      live.delete(child)
      if (closing) return
      const next = Date.now() - begun > restartMs.wellMs ? restartMs.first : Math.min(pauseMs * 2, restartMs.longest)
      const timer = setTimeout(() => {
        timers.delete(timer)
        start(next)
      }, pauseMs)
      timers.add(timer)
    })
    child.once('error', () => live.delete(child))
  }
  for (let index = 0; index < count; index++) start(restartMs.first)

  return {
    async close() {
      closing = true
      for (const timer of timers) clearTimeout(timer)
      await Promise.all(
        [...live].map((child) => new Promise<void>((resolve) => child.once('exit', () => resolve()).stdin?.end())),
      )
    },
  }
}
