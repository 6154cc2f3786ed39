import { expect } from 'vitest'
import { isRunning } from '../hostile-gateway.ts'
import type { WorkerProcess } from './worker-process.ts'
import type { Yard } from './yard.ts'

/**
 * Stops the workers that live, as an operator would, and expects that all is as if nothing had happened: they end by
 * themselves and leave nothing, none of those started said a word on stderr, and record and stations agree.
 */
export async function expectEndedWell(yard: Yard, alive: readonly WorkerProcess[], started = alive): Promise<void> {
  for (const worker of alive) worker.signal('SIGTERM')
  expect(await Promise.all(alive.map(({ exited }) => exited))).toEqual(alive.map(() => 0))
  expect(started.map(({ pid }) => pid).filter(isRunning)).toEqual([])
  expect(started.map(({ stderr }) => stderr()).join('')).toBe('')
  expect(await yard.faults()).toEqual([])
}

/** What a worker told of trouble. */
export function troublesOf(workers: readonly WorkerProcess[]): string[] {
  return workers.flatMap(({ told }) => told().flatMap(({ trouble }) => trouble ?? []))
}
