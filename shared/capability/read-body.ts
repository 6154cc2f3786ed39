import type { IncomingMessage } from 'node:http'

/** Bytes that a request's body may have. */
export const bodyLimitBytes = 4 * 1_024 * 1_024

/** The JSON in a request's body, undefined where it has none, or the status and words to refuse it with. */
export async function readBody(request: IncomingMessage): Promise<{ json: unknown } | { status: number; why: string }> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > bodyLimitBytes) return { status: 413, why: `A body may have ${bodyLimitBytes} bytes` }
    chunks.push(chunk)
  }
  if (bytes === 0) return { json: undefined }
  try {
    return { json: JSON.parse(Buffer.concat(chunks).toString('utf8')) }
  } catch {
    return { status: 400, why: 'The body is not JSON' }
  }
}
