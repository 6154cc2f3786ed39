import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { redirectPath } from './client.ts'

/** What an answer that a browser brings is: one that ends the wait, or somebody else's, after which the real one may still come. */
export type Taken = 'answer' | 'not_ours'

/** A place on this machine, on a port that nobody knows beforehand, to which a browser is sent back. */
export interface RedirectListener {
  redirectUrl: string
  close(): Promise<void>
}

/** Listens on loopback, and gives `take` each answer until one is the answer. What it was is never repeated on the page. */
export async function awaitRedirect(take: (answer: URLSearchParams) => Taken): Promise<RedirectListener> {
  let isOver = false
  const server = createServer((request, response) => {
    const answer = answerIn(request, address())
    if (!answer) return page(response, 404, 'Nothing is here.')
    if (isOver) return page(response, 410, 'This login is over. You can close this page.')
    isOver = take(answer) === 'answer'
    if (isOver) page(response, 200, 'You can close this page. The terminal says how the login went.')
    else page(response, 400, 'This is not the answer to the login that is under way.')
  })
  const address = () => `127.0.0.1:${(server.address() as AddressInfo).port}`
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    redirectUrl: `http://${address()}${redirectPath}`,
    async close() {
      server.close()
      server.closeIdleConnections()
      // The page that says how it ended may still be on its way.
      const late = setTimeout(() => server.closeAllConnections(), 500)
      await once(server, 'close')
      clearTimeout(late)
    },
  }
}

/** Only what was asked of this very place: a name that somebody pointed to loopback is another. */
function answerIn({ method, url = '', headers }: IncomingMessage, host: string): URLSearchParams | undefined {
  if (method !== 'GET' || headers.host !== host) return undefined
  const asked = URL.parse(url, `http://${host}`)
  return asked?.pathname === redirectPath ? asked.searchParams : undefined
}

function page(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'content-security-policy': "default-src 'none'",
    'x-content-type-options': 'nosniff',
    connection: 'close',
  })
  response.end(`Remit: ${text}\n`)
}
