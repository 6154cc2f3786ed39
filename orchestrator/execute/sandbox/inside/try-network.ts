import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect } from 'node:net'

const patienceMs = 1_000
/** TEST-NET-1 (RFC 5737): an address that is nobody's. */
const nobody = '192.0.2.1'

/** Connects to a port of the host's loopback. */
export async function reachLoopback(port: number): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port })
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(patienceMs) })
    return `reached 127.0.0.1:${port}`
  } finally {
    socket.destroy()
  }
}

/** Asks for a route to another host. Connecting a datagram socket sends nothing. */
export async function reachOtherHosts(): Promise<string> {
  const socket = createSocket('udp4')
  try {
    const connected = once(socket, 'connect', { signal: AbortSignal.timeout(patienceMs) })
    socket.connect(9, nobody)
    await connected
    return 'has a route to other hosts'
  } finally {
    socket.close()
  }
}
