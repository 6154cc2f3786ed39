import { readFile } from 'node:fs/promises'
import type { Socket } from 'node:net'

/** proc(5): both hold a line a connection; in the second, IPv4 addresses stand within IPv6 ones. */
const tables = ['/proc/net/tcp', '/proc/net/tcp6']

/**
 * The user of the process at the other end of a connection within this machine; undefined where the kernel does not say,
 * because it is not Linux's, or the other end is gone.
 */
export async function peerUser({
  localPort,
  remotePort,
}: Pick<Socket, 'localPort' | 'remotePort'>): Promise<number | undefined> {
  const texts = await Promise.all(tables.map((table) => readFile(table, 'latin1').catch(() => '')))
  return userIn(texts.join('\n'), { from: remotePort ?? 0, to: localPort ?? 0 })
}

/** Whose socket goes from one port of 127.0.0.1 to another, in the words of those tables. */
export function userIn(table: string, { from, to }: { from: number; to: number }): number | undefined {
  const [near, far] = [from, to].map((port) => `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`)
  for (const line of table.split('\n')) {
    const [, local = '', remote = '', , , , , user] = line.trim().split(/\s+/)
    if (local.endsWith(near ?? '') && remote.endsWith(far ?? '')) return Number(user)
  }
  return undefined
}
