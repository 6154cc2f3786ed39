import { readlinkSync } from 'node:fs'
import { isAlive, ownIdentity } from '../../home/process-identity.ts'

let jails = 0
let owner: string | undefined
let world: string | undefined

/** A name for what one jail needs on the host, by which anybody can tell whether its owner lives. */
export function newJailName(): string {
  const { pid, start } = ownIdentity()
  owner ??= `${pid}.${start}.${ownWorld()}`
  jails += 1
  return `remit-jail-${owner}.${jails}`
}

/**
 * True for what a jail needed whose owner is dead. Left alone is what belongs to an owner whose start cannot be known, or who
 * lives among other processes than ours: a container that shares our folders does not share our pids.
 */
export function isLeftBehind(name: string): boolean {
  const [, pid, start, theirs] = /^remit-jail-(\d+)\.([^.]+)\.(\d+)\.\d+$/.exec(name) ?? []
  if (pid === undefined || start === undefined || theirs !== ownWorld()) return false
  return !isAlive({ pid: Number(pid), start })
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
