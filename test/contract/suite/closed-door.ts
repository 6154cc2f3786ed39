import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { notSentHeader } from '../../../shared/capability/not-sent.ts'

/** A jail's door to a vendor that cannot be reached: it answers every request itself, and says that nothing was sent. */
export interface ClosedDoor extends AsyncDisposable {
  url: string
  /** How many requests it has answered. */
  asked(): number
}

export async function openClosedDoor(): Promise<ClosedDoor> {
  let asked = 0
  const problem = JSON.stringify({ type: 'about:blank', title: 'The endpoint cannot be reached', status: 502 })
  const server = createServer((request, response) => {
    asked += 1
    request.resume()
    const headers = { 'content-type': 'application/problem+json', connection: 'close', [notSentHeader]: '1' }
    response.writeHead(502, headers).end(problem)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    asked: () => asked,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
