import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import type { ToEntrance } from './canary-plan.ts'

const mebibyte = 1_024 * 1_024
/** Who only looks from time to time has to have looked. */
const holdMs = 1_000

/** Goes for more than is granted, and says how far it got; where the limit holds this process ends, or cannot start more. */
export async function dropBomb(
  { bomb, beyond }: Extract<ToEntrance, { say: 'bomb' }>,
  reached: (amount: number) => void,
): Promise<void> {
  if (bomb === 'exceed_memory') await holdMemory(beyond, reached)
  else await startProcesses(beyond, reached)
}

/** Memory counts once it was written to. */
async function holdMemory(mebibytes: number, reached: (amount: number) => void): Promise<void> {
  const step = 32
  const held: Buffer[] = []
  for (let amount = step; amount <= mebibytes; amount += step) {
    held.push(Buffer.alloc(step * mebibyte, 1))
    await turn()
  }
  await sleep(holdMs)
  reached(held.length * step)
}

async function startProcesses(count: number, reached: (amount: number) => void): Promise<void> {
  const started: ChildProcess[] = []
  try {
    while (started.length < count) {
      const child = spawn('/bin/sleep', ['30'], { stdio: 'ignore' })
      child.on('error', () => {})
      if (child.pid === undefined) break
      started.push(child)
    }
    await sleep(holdMs)
  } catch {
    // Refused outright, as in a process that may start no other.
  } finally {
    reached(started.length)
    for (const child of started) child.kill('SIGKILL')
  }
}
