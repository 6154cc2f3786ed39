import { isAlive, ownIdentity } from '../../home/process-identity.ts'

let jails = 0
let owner: string | undefined

/** A name for what one jail needs on the host, by which anybody can tell whether its owner lives. */
export function newJailName(): string {
  const { pid, start } = ownIdentity()
  owner ??= `${pid}.${start}`
  jails += 1
  return `remit-jail-${owner}.${jails}`
}

/** True for what a jail needed whose owner is dead. A name of an owner whose start cannot be known is left alone. */
export function isLeftBehind(name: string): boolean {
  const [, pid, start] = /^remit-jail-(\d+)\.([^.]+)\.\d+$/.exec(name) ?? []
  return pid !== undefined && start !== undefined && !isAlive({ pid: Number(pid), start })
}
