import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** A process that cannot be mistaken for a later one that got the same pid. */
export interface ProcessIdentity {
  pid: number
  /** When it started, in the words of the operating system; empty where that cannot be known. */
  start: string
}

/** Who this process is. */
export function ownIdentity(): ProcessIdentity {
  return identify(process.pid) ?? { pid: process.pid, start: '' }
}

/** Who the process with this pid is now; undefined when there is none, or only a zombie. */
export function identify(pid: number): ProcessIdentity | undefined {
  if (process.platform === 'linux') return identifyOnLinux(pid)
  if (!answersSignals(pid)) return undefined
  if (process.platform === 'win32') return { pid, start: '' }
  try {
    const started = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim()
    return started === '' || started.startsWith('Z') ? undefined : { pid, start: started.replace(/^\S+\s+/, '') }
  } catch {
    return undefined
  }
}

/** True while exactly this process lives. */
export function isAlive({ pid, start }: ProcessIdentity): boolean {
  const now = identify(pid)
  return now !== undefined && now.start === start
}

/** proc(5): the name in field 2 may hold blanks and brackets, so fields are counted from the last bracket; 3 is the state, 22 the start. */
function identifyOnLinux(pid: number): ProcessIdentity | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return undefined
  }
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const state = fields[0]
  if (state === 'Z' || state === 'X') return undefined
  return { pid, start: fields[19] ?? '' }
}

function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
