import { createMiddleware } from 'hono/factory'
import type { HttpEnv } from './http-env.ts'
import { ProblemError } from './problem.ts'

/**
 * Refuses a body that is too large: by what it says of its length, or else once so much of it has come. (Hono's own limit makes
 * a Request out of a Request, which that of the Node server cannot be taken for.)
 */
export function limitBody(most: number) {
  return createMiddleware<HttpEnv>(async ({ req }, next) => {
    const { method, headers, url } = req.raw
    const length = headers.get('Content-Length')
    if (length !== null && Number(length) > most) throw tooLarge(most)
    if (length === null && method !== 'GET' && method !== 'HEAD' && req.raw.body)
      req.raw = new Request(url, { method, headers, body: await readAll(req.raw.body, most) })
    await next()
  })
}

async function readAll(body: ReadableStream<Uint8Array>, most: number): Promise<Buffer<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.byteLength
    if (size > most) throw tooLarge(most)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function tooLarge(most: number): ProblemError {
  return new ProblemError('too_large', `A body may have ${most} bytes at most`)
}
