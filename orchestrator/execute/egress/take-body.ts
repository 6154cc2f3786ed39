import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { hasBody } from './carried-headers.ts'

/** The body of a request on its way out. */
export interface Body {
  /** Whether all of it is here, so that it can be sent once more. */
  whole: boolean
  /** What is to be sent; undefined where the request has no body. Where it is not whole, this gives it once. */
  stream(): Readable | undefined
}

/** Takes a request's body: up to so many bytes it is kept, and what is longer passes by as it comes. */
export async function takeBody(request: IncomingMessage, mostBytes: number): Promise<Body> {
  if (!hasBody(request)) return { whole: true, stream: () => undefined }
  const kept: Buffer[] = []
  let bytes = 0
  for await (const piece of request.iterator({ destroyOnReturn: false })) {
    kept.push(piece as Buffer)
    bytes += (piece as Buffer).length
    if (bytes > mostBytes) return { whole: false, stream: () => Readable.from(following(kept, request)) }
  }
  return { whole: true, stream: () => Readable.from(kept, { objectMode: false }) }
}

async function* following(kept: readonly Buffer[], request: IncomingMessage): AsyncGenerator<Buffer> {
  yield* kept
  yield* request
}
