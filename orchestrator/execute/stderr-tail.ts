import type { Readable } from 'node:stream'
import { paceStream } from './pace.ts'
import type { Scrub } from './scrub.ts'
import { openServerLog } from './server-log.ts'
import { splitLines } from './split-lines.ts'

const keptLines = 50
const longestLine = 4_096
/** Ten times this much a second, however much a server has to say. */
const pacedBytes = 262_144
const logBytes = 8_388_608

/** What a process says beside the protocol; known secrets never get this far. */
export interface StderrTail {
  /** The last lines. */
  lines(): string[]
  /** Adds a line of another origin. */
  add(line: string): void
  stop(): void
}

/**
 * Follows a stream line by line: keeps the last lines in memory and appends all of them, scrubbed, to a log file where one
 * is given. Whole lines are scrubbed, so a secret that two chunks share is found too; a line is cut at 4,096 characters.
 * A flood is slowed down at its source.
 */
export function followStderr(stream: Readable, scrub: Scrub, logFile?: string): StderrTail {
  const kept: string[] = []
  const log = logFile === undefined ? undefined : openServerLog(logFile, logBytes)
  const pace = paceStream(stream, pacedBytes)

  const add = (line: string) => {
    // Half a secret at a cut would not be known for one, so what is far too long is not shown at all.
    const clean = line.length > 4 * longestLine ? `… ${line.length} characters` : scrub(line).slice(0, longestLine)
    kept.push(clean)
    if (kept.length > keptLines) kept.shift()
    log?.append(clean)
  }
  const lines = splitLines({
    limitBytes: 4 * longestLine,
    onLine: add,
    onLongLine: ({ bytes }) => add(`… ${bytes} bytes`),
  })
  stream.on('data', (chunk: Buffer) => {
    lines.push(chunk)
    pace.spend(chunk.length)
  })
  stream.on('end', () => lines.end())
  stream.on('error', () => {})
  return {
    lines: () => [...kept],
    add,
    stop: () => {
      pace.stop()
      lines.stop()
    },
  }
}
