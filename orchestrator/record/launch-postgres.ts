import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Home } from '../home/home.ts'
import { programOf } from './postgres-binaries.ts'
import type { PostgresPlacement } from './postgres-placement.ts'
import { readPostmaster } from './postgres-survivor.ts'

/** Recovery after a kill may take minutes on a slow disk, and begins anew where it is cut short. */
const patienceMs = 900_000
/**
 * Recovery makes every file durable first, of which each workspace has 300. The file system does that at once where it can be
 * asked to: with 150 workspaces, one second instead of one minute or two.
 */
const recovery = process.platform === 'linux' ? ['-c', 'recovery_init_sync_method=syncfs'] : []
const attempts = 5
/** How long the processes of a killed Postgres may hold its data: one that was recovering first comes to an end of that. */
const graveMs = 30_000

/**
 * Starts Postgres apart from this process and returns when it takes connections: on the port that it had before, so that
 * who still knows that one finds it again, unless another program has taken it. What outlives a killed Postgres holds the
 * data for a while, so it is tried more than once.
 */
export async function launchPostgres(
  home: Home,
  placement: PostgresPlacement,
  spawned: (pid: number) => Promise<void>,
): Promise<{ pid: number; port: number }> {
  const log = join(home.logs, 'postgres.log')
  const end = Date.now() + graveMs
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort((await lastPort(placement.dataFolder)) ?? 0)
    const child = await spawnPostgres(placement, port, log)
    const pid = child.pid as number
    await spawned(pid)
    if (await becomesReady(placement.dataFolder, child)) return { pid, port }
    const isWorthTrying = (await isHeldByTheDead(log)) ? Date.now() < end : attempt < attempts
    if (!isWorthTrying) throw new Error(`Postgres did not start: see the end of ${log}`)
    await sleep(Math.min(100 * attempt, 1_000))
  }
}

async function spawnPostgres(
  { binaries, dataFolder, account }: PostgresPlacement,
  port: number,
  log: string,
): Promise<ChildProcess> {
  const output = openSync(log, 'a', 0o600)
  try {
    const child = spawn(programOf(binaries, 'postgres'), ['-D', dataFolder, '-p', String(port), ...recovery], {
      ...account,
      env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' },
      cwd: '/',
      detached: true,
      stdio: ['ignore', output, output],
      windowsHide: true,
    })
    await once(child, 'spawn')
    child.unref()
    return child
  } finally {
    closeSync(output)
  }
}

async function becomesReady(dataFolder: string, child: ChildProcess): Promise<boolean> {
  const end = Date.now() + patienceMs
  while (child.exitCode === null && child.signalCode === null) {
    const postmaster = await readPostmaster(dataFolder)
    if (postmaster?.pid === child.pid && postmaster?.status === 'ready') return true
    if (Date.now() > end) {
      child.kill('SIGQUIT')
      await once(child, 'exit')
    }
    await sleep(5)
  }
  return false
}

/** Whether Postgres said last that processes of an earlier start still use the data. */
async function isHeldByTheDead(log: string): Promise<boolean> {
  const lines = (await readFile(log, 'utf8')).trimEnd().split('\n')
  return lines.slice(-3).some((line) => line.includes('is still in use'))
}

/** Postgres keeps how it was started last in `postmaster.opts`. */
async function lastPort(dataFolder: string): Promise<number | undefined> {
  const words = await readFile(join(dataFolder, 'postmaster.opts'), 'utf8').catch(() => '')
  const port = /"-p" "(\d+)"/.exec(words)?.[1]
  return port === undefined ? undefined : Number(port)
}

/** The wanted port, or another where a program listens there. */
async function freePort(wanted: number): Promise<number> {
  const server = createServer().listen(wanted, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (error) {
    if (wanted !== 0) return freePort(0)
    throw error
  }
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('the operating system gave no free port')
  return address.port
}
