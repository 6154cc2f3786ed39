import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A plain load balancer: each request goes to the next instance, and to the one after it where nobody listens. */
export interface RoundRobin extends AsyncDisposable {
  url: string
  /** Requests that each instance got, in the order of the instances. */
  requests: number[]
  /** Connections that clients opened. */
  connections(): number
}

/** Balances between instances, which are given by the URLs of their endpoints. */
export async function roundRobin(instances: readonly string[]): Promise<RoundRobin> {
  const requests = instances.map(() => 0)
  let turn = -1
  let connections = 0

  function pass(request: IncomingMessage, response: ServerResponse, body: Buffer, left = instances.length): void {
    turn = (turn + 1) % instances.length
    const index = turn
    const { method, headers } = request
    const passed = httpRequest(instances[index] as string, { method, headers, agent: false }, (answer) => {
      requests[index] = (requests[index] ?? 0) + 1
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
      response.once('close', () => answer.destroy())
    })
    passed.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' && left > 1) pass(request, response, body, left - 1)
      else response.destroy()
    })
    passed.end(body)
  }

  const http = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    pass(request, response, Buffer.concat(chunks))
  })
  http.on('connection', () => {
    connections += 1
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`,
    requests,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      http.closeAllConnections()
      http.close()
    },
  }
}
