import { createHash } from 'node:crypto'
import { readlinkSync } from 'node:fs'
import { identify, ownIdentity } from '../../home/process-identity.ts'

let jails = 0
let owner: string | undefined
let world: string | undefined

/** A name for what one jail needs on the host, by which anybody can tell whether its owner lives. It is short: paths of sockets are. */
export function newJailName(): string {
  const { pid, start } = ownIdentity()
  owner ??= `${pid}.${markOf(start)}.${ownWorld()}`
  jails += 1
  return `remit-jail-${owner}.${jails}`
}

/**
 * True for what a jail needed whose owner is dead, by its name alone. Of an owner who lives among other processes than ours
 * the name says nothing: a container that shares our folders does not share our pids.
 */
export function isLeftBehind(name: string): boolean {
  const parts = partsOf(name)
  if (parts?.world !== ownWorld()) return false
  const now = identify(parts.pid)
  return now === undefined || markOf(now.start) !== parts.start
}

/** True for what a jail needs, or needed, whose owner lives among other processes than ours. */
export function isOfAnotherWorld(name: string): boolean {
  const parts = partsOf(name)
  return parts !== undefined && parts.world !== ownWorld()
}

function partsOf(name: string): { pid: number; start: string; world: string } | undefined {
  const [, pid, start, theirs] = /^remit-jail-(\d+)\.([^.]+)\.(\d+)\.\d+$/.exec(name) ?? []
  return pid === undefined || start === undefined || theirs === undefined
    ? undefined
    : { pid: Number(pid), start, world: theirs }
}

/** The start of a process is a number on Linux, and elsewhere a date of two dozen characters, too many for a name. */
function markOf(start: string): string {
  if (/^\d{1,12}$/.test(start)) return start
  return createHash('sha256').update(start).digest('base64url').slice(0, 8)
}

/** The number of the pid namespace, where the system has such. */
function ownWorld(): string {
  world ??= readWorld()
  return world
}

function readWorld(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0'
  } catch {
    return '0'
  }
}
