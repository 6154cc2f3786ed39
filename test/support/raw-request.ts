import { connect } from 'node:net'
import { text } from 'node:stream/consumers'

/** Sends bytes to a port of this machine as they are, and gives all that comes back until the other side closes. */
export async function rawRequest(port: number | string, bytes: string): Promise<string> {
  const socket = connect(Number(port), '127.0.0.1')
  const answer = text(socket)
  socket.write(bytes)
  return answer
}
