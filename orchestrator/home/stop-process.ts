import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive, type ProcessIdentity } from './process-identity.ts'

/** How a process is asked to end, and how long it may take before it is killed. */
export interface StopBy {
  /** SIGINT is the fast shutdown of Postgres. */
  signal: 'SIGTERM' | 'SIGINT'
  graceMs: number
}

/** Ends a process and what is left of its process group; returns when it is gone. */
export async function stopProcess(target: ProcessIdentity, { signal, graceMs }: StopBy): Promise<void> {
  if (!isAlive(target)) return
  send(target.pid, signal)
  if (!(await isGoneWithin(target, graceMs))) {
    send(target.pid, 'SIGKILL')
    await isGoneWithin(target, 5_000)
  }
  if (process.platform !== 'win32') send(-target.pid, 'SIGKILL')
}

async function isGoneWithin(target: ProcessIdentity, ms: number): Promise<boolean> {
  const end = Date.now() + ms
  for (let pause = 2; isAlive(target); pause = Math.min(pause * 2, 25)) {
    if (Date.now() > end) return false
    await sleep(pause)
  }
  return true
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // Already gone.
  }
}
