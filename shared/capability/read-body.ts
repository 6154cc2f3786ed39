import type { IncomingMessage } from 'node:http'

/** Bytes that a request's body may have. */
export const bodyLimitBytes = 4 * 1_024 * 1_024

/** What all bodies that are still arriving may take together. */
export interface Room {
  /** False where there is no room for so many bytes more. */
  take(bytes: number): boolean
  give(bytes: number): void
}

export function openRoom(most: number): Room {
  let taken = 0
  return {
    take(bytes) {
      if (taken + bytes > most) return false
      taken += bytes
      return true
    },
    give(bytes) {
      taken -= bytes
    },
  }
}

/**
 * The JSON in a request's body, undefined where it has none, or the status and words to refuse it with: 503 where there is no
 * room for it now.
 */
export async function readBody(
  request: IncomingMessage,
  room: Room,
): Promise<{ json: unknown } | { status: 400 | 413 | 503; why: string }> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      if (bytes + chunk.length > bodyLimitBytes) return { status: 413, why: `A body may have ${bodyLimitBytes} bytes` }
      if (!room.take(chunk.length)) return { status: 503, why: 'Too much is arriving at the same time' }
      bytes += chunk.length
      chunks.push(chunk)
    }
    if (bytes === 0) return { json: undefined }
    return { json: JSON.parse(Buffer.concat(chunks).toString('utf8')) }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return { status: 400, why: 'The body is not JSON' }
  } finally {
    room.give(bytes)
  }
}
