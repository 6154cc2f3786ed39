import { once } from 'node:events'
import { request as ask, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A door as the suite sees it, which knows nothing of credentials. */
export interface Front {
  url: string
  close(): Promise<void>
}

/**
 * Passes every request on as it is, Host and Origin included, with the Authorization that the door behind wants for it: the
 * suite has no credentials, and what it tests is to stand behind them. The end of a request or an answer is passed on, too.
 */
export async function openFront(
  behind: string,
  authorizationFor: (message: unknown) => Promise<string>,
): Promise<Front> {
  const { hostname, port, pathname } = new URL(behind)
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    const body = Buffer.concat(chunks)
    const authorization = await authorizationFor(messageIn(body))
    const { method } = request
    const headers = { ...request.headers, authorization }
    const onward = ask({ hostname, port, path: request.url, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy())
    response.on('close', () => onward.destroy())
    onward.end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${pathname}`,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** What cannot be read is for the door behind to refuse. */
function messageIn(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}
