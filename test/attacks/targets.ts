import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket, type Socket as Datagrams } from 'node:dgram'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { temporaryFolder } from '../support/temporary-folder.ts'
import type { AttackName, Targets, Tried } from './attack-list.ts'

/** What a hostile server goes for, put outside of its jail, and what was seen there of its attempts. */
export interface PlantedTargets extends AsyncDisposable {
  targets: Targets
  /** What the server says of itself, corrected by what was seen. */
  seen(tried: readonly Tried[]): Promise<Tried[]>
}

export async function plantTargets(): Promise<PlantedTargets> {
  const folder = await temporaryFolder('remit-targets-')
  const at = (name: string) => join(folder.path, name)
  const heard = new Set<AttackName>()
  const listen = async (attack: AttackName, path?: string): Promise<Server> => {
    const server = createServer((connection) => {
      heard.add(attack)
      connection.on('error', () => {}).end()
    })
    if (path === undefined) server.listen(0, '127.0.0.1')
    else server.listen(path)
    await once(server, 'listening')
    return server
  }
  const receive = async (attack: AttackName): Promise<Datagrams> => {
    const socket = createSocket('udp4', () => heard.add(attack)).bind(0, '127.0.0.1')
    await once(socket, 'listening')
    return socket
  }
  await writeFile(at('file'), 'a secret', { mode: 0o600 })
  const victim = spawn('/bin/sleep', ['600'], { stdio: 'ignore' })
  const abstract = `\0remit-${process.pid}-${victim.pid}`
  const tcp = await listen('connect_tcp')
  const servers = [
    tcp,
    await listen('connect_unix', at('socket')),
    ...(process.platform === 'linux' ? [await listen('connect_abstract', abstract)] : []),
  ]
  const [udp, dns] = [await receive('send_udp'), await receive('ask_dns')]
  const targets: Targets = {
    file: at('file'),
    link: 'given-link',
    unwritten: at('unwritten'),
    parent: process.pid,
    victim: victim.pid ?? 0,
    tcp: (tcp.address() as AddressInfo).port,
    udp: udp.address().port,
    dns: dns.address().port,
    listen: await freePort(),
    unix: at('socket'),
    abstract,
    variable: 'REMIT_PLANTED',
  }
  return {
    targets,
    async seen(tried) {
      const evidence: Partial<Record<AttackName, boolean>> = {
        write_file: existsSync(targets.unwritten),
        signal: isEnded(victim),
        listen: await answers(targets.listen),
        send_udp: heard.has('send_udp'),
        ask_dns: heard.has('ask_dns'),
        connect_tcp: heard.has('connect_tcp'),
        connect_unix: heard.has('connect_unix'),
        connect_abstract: heard.has('connect_abstract'),
      }
      return tried.map((each) => ({ ...each, through: evidence[each.attack] ?? each.through }))
    },
    async [Symbol.asyncDispose]() {
      if (!isEnded(victim)) {
        const gone = once(victim, 'exit')
        victim.kill('SIGKILL')
        await gone
      }
      for (const server of servers) server.close()
      for (const socket of [udp, dns]) socket.close()
      await folder.remove()
    },
  }
}

function isEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}

async function answers(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port })
  return once(socket, 'connect')
    .then(
      () => true,
      () => false,
    )
    .finally(() => socket.destroy())
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}
