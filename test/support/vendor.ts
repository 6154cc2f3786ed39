import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** A request as the vendor got it. */
export interface Received {
  method: string
  url: string
  headers: IncomingHttpHeaders
  body: string
}

/** An HTTP endpoint of a test: it keeps what it gets, and answers as it is told. */
export interface Vendor extends AsyncDisposable {
  url: string
  host: string
  received: Received[]
  /** What answers from now on; 200 with `{}` unless said. */
  answer(reply: (request: Received, response: ServerResponse) => void): void
}

export async function openVendor(): Promise<Vendor> {
  const received: Received[] = []
  let reply = (_request: Received, response: ServerResponse): void => void response.end('{}')
  const server = createServer((request, response) => {
    take(request)
      .then((each) => {
        received.push(each)
        reply(each, response)
      })
      // A request that is cut off is never taken.
      .catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    host: `127.0.0.1:${port}`,
    received,
    answer(next) {
      reply = next
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function take(request: IncomingMessage): Promise<Received> {
  const { method = '', url = '', headers } = request
  return { method, url, headers, body: await text(request) }
}
