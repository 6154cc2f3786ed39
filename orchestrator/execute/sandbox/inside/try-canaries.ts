import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { Attack, Observation } from '../attack.ts'
import type { CanaryPlan } from './canary-plan.ts'
import { markVariable } from './mark-variable.ts'
import { reachLoopback, reachOtherHosts } from './try-network.ts'

/** Tries what is forbidden, harmlessly: what gets through touches only what the host has planted for it. */
export async function tryCanaries(plan: CanaryPlan): Promise<Observation[]> {
  return Promise.all([
    attempt('read_files', () => `read ${readFileSync(plan.file).length} bytes`),
    attempt('write_files', () => writeFileSync(plan.unwritten, 'written from inside a jail')),
    attempt('read_environment', () => readEnvironments(plan)),
    attempt('signal_processes', () => signalParent(plan)),
    attempt('reach_loopback', () => reachLoopback(plan.port)),
    attempt('reach_hosts', reachOtherHosts),
  ])
}

/** An attack that throws was held; what it threw is what it met. */
async function attempt(attack: Attack, work: () => unknown): Promise<Observation> {
  try {
    return { attack, held: false, met: String((await work()) ?? 'nothing') }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return { attack, held: true, met: code ?? message }
  }
}

/** The parent's first, then any that can be seen: one that bears our own mark, or says nothing, does not count. */
function readEnvironments({ parent }: CanaryPlan): string {
  const mark = `${markVariable}=${process.env[markVariable]}`
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  let met: unknown = new Error('only its own are there')
  for (const pid of [String(parent.pid), ...pids]) {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'latin1')
      if (environment !== '' && !environment.split('\0').includes(mark)) return `read that of process ${pid}`
    } catch (error) {
      met = error
    }
  }
  throw met
}

/** A signal 0 does nothing; inside, the same pid may be another process. */
function signalParent({ parent }: CanaryPlan): string {
  process.kill(parent.pid, 0)
  const start = startOf(parent.pid)
  if (start !== undefined && start !== parent.start) throw new Error('that pid is another process here')
  return `may signal process ${parent.pid}`
}

/** proc(5): fields are counted from the last bracket; the 22nd is the start. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}
