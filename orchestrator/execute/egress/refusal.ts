import type { ServerResponse } from 'node:http'
import { notSentHeader } from '../../../shared/capability/not-sent.ts'

/** Answers a request that does not go out, as `application/problem+json`, and closes its connection. */
export function refuse(response: ServerResponse, status: 400 | 403 | 404 | 413 | 502 | 503, detail: string): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const problem = { type: 'about:blank', title: titles[status], status, detail }
  response.writeHead(status, {
    'content-type': 'application/problem+json',
    connection: 'close',
    [notSentHeader]: '1',
  })
  response.end(JSON.stringify(problem))
}

const titles = {
  400: 'The request cannot be understood',
  403: 'The request is not allowed',
  404: 'There is no such door',
  413: 'The request is too large',
  502: 'The endpoint cannot be reached',
  503: 'The credential is not there',
}
