import { createServer, type IncomingMessage } from 'node:http'
import { connect, type Server } from 'node:net'
import type { Duplex } from 'node:stream'
import type { CallsInFlight } from './calls-in-flight.ts'
import { refuse } from './refusal.ts'

export interface ConnectDoorOptions {
  /** `host:port`, exact. */
  hosts: readonly string[]
  calls: Pick<CallsInFlight, 'deny' | 'open'>
}

const connectMs = 30_000

/**
 * An HTTP proxy that opens tunnels to the listed hosts and to no others. The name of another host is not even looked up, so
 * that names cannot carry anything out.
 */
export function connectDoor({ hosts, calls }: ConnectDoorOptions): () => Server {
  const listed = new Set(hosts.map((host) => host.toLowerCase()))

  function tunnel(request: IncomingMessage, near: Duplex, head: Buffer): void {
    near.on('error', () => near.destroy())
    const host = (request.url ?? '').toLowerCase()
    const what = { protocol: 'tcp', host: printable(host), method: 'CONNECT' } as const
    if (!listed.has(host)) {
      calls.deny(what, 'the host is not listed')
      near.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
      return
    }
    const at = host.lastIndexOf(':')
    const far = connect({ host: host.slice(0, at), port: Number(host.slice(at + 1)), timeout: connectMs })
    const flow = calls.open(what)
    let established = false
    far.once('connect', () => {
      established = true
      far.setTimeout(0)
      near.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      if (head.length > 0) {
        flow.out(head.length)
        far.write(head)
      }
      near.on('data', (chunk: Buffer) => flow.out(chunk.length))
      far.on('data', (chunk) => flow.in(chunk.length))
      near.pipe(far)
      far.pipe(near)
    })
    far.once('timeout', () => far.destroy())
    far.on('error', () => {
      if (!established) near.end('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
      else near.destroy()
    })
    far.once('close', () => {
      near.destroy()
      flow.end()
    })
    near.once('close', () => far.destroy())
  }

  return () => {
    const server = createServer((request, response) => {
      const url = URL.parse(request.url ?? '')
      calls.deny(
        { protocol: 'http', host: printable(url?.host ?? ''), method: request.method ?? '' },
        'it is not https',
      )
      refuse(response, 403, 'Only https is passed on, to the hosts that the manifest lists')
    })
    server.on('connect', tunnel)
    return server
  }
}

/** The server chose it. */
function printable(host: string): string {
  return host.replace(/[^\x21-\x7e]/g, '').slice(0, 260)
}
