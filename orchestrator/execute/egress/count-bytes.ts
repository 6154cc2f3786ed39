import { Transform } from 'node:stream'

/** What a stream of {@link countBytes} fails with beyond its limit. */
export const tooLarge = new Error('more bytes than are passed on')

/** Passes bytes on, tells how many, and fails with {@link tooLarge} beyond the limit. */
export function countBytes(limit: number, told: (bytes: number) => void): Transform {
  let total = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      told(chunk.length)
      total += chunk.length
      if (total > limit) done(tooLarge)
      else done(null, chunk)
    },
  })
}
