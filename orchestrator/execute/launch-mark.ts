import { readdir, readFile, readlink } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive, ownIdentity } from '../home/process-identity.ts'
import { markVariable } from './sandbox/inside/mark-variable.ts'

/**
 * An environment variable that every process of one launch inherits, whatever group or session it moves to and whoever
 * adopts it. Linux alone lets us read it back; a jail with a process namespace of its own needs none of this.
 */
export const launchMarkVariable = markVariable

const mostPasses = 100
const betweenPassesMs = 5
let launches = 0
let owner: string | undefined

/** A mark that no other launch has: who launched (pid and start time, so that a reused pid is no match), and a number. */
export function newLaunchMark(): string {
  owner ??= ownerText()
  launches += 1
  return `${owner}.${launches}`
}

/** Kills every process that bears the mark. Repeated until none is found: a kill takes its time, and one that forks may be faster. */
export async function killMarked(mark: string): Promise<void> {
  for (let pass = 0; pass < mostPasses; pass++) {
    if ((await killWhere((found) => found === mark)) === 0) return
    await sleep(betweenPassesMs)
  }
}

/** Kills what launches of processes that live no more have left behind. */
export async function killOrphans(): Promise<void> {
  await killWhere((mark) => {
    const [pid = '', start = ''] = mark.split('.')
    return /^\d+$/.test(pid) && start !== '' && !isAlive({ pid: Number(pid), start })
  })
}

function ownerText(): string {
  const { pid, start } = ownIdentity()
  return `${pid}.${start}`
}

async function killWhere(matches: (mark: string) => boolean): Promise<number> {
  if (process.platform !== 'linux') return 0
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name)).map(Number)
  const killed = await Promise.all(pids.map((pid) => killIf(pid, matches)))
  return killed.filter(Boolean).length
}

async function killIf(pid: number, matches: (mark: string) => boolean): Promise<boolean> {
  if (pid === process.pid) return false
  try {
    const mark = markIn(await readFile(`/proc/${pid}/environ`, 'latin1'))
    // Pids and start times mean something only among processes that see the same ones: a container's are its own.
    if (mark === undefined || !matches(mark) || !(await sharesOurPids(pid))) return false
    process.kill(pid, 'SIGKILL')
    return true
  } catch {
    // Gone meanwhile, or somebody else's.
    return false
  }
}

function markIn(environment: string): string | undefined {
  const prefix = `${launchMarkVariable}=`
  return environment
    .split('\0')
    .find((entry) => entry.startsWith(prefix))
    ?.slice(prefix.length)
}

async function sharesOurPids(pid: number): Promise<boolean> {
  const [theirs, ours] = await Promise.all([readlink(`/proc/${pid}/ns/pid`), readlink('/proc/self/ns/pid')])
  return theirs === ours
}
