import { Writable } from 'node:stream'

/** Keeps stdout for the caller alone: what anything else in this process prints to stdout goes to stderr from now on. */
export function reserveStdout(): Writable {
  const write = process.stdout.write.bind(process.stdout)
  process.stdout.write = process.stderr.write.bind(process.stderr)
  return new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      write(chunk, done)
    },
  })
}
