import { appendFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import type { Scrub } from './scrub.ts'

const keptLines = 50
const longestLine = 4_096

/** The last lines that a process wrote to stderr; known secrets never get this far. */
export interface StderrTail {
  lines(): string[]
}

/**
 * Follows a stream line by line: keeps the last lines in memory and appends all of them, scrubbed, to a log file where one
 * is given. Whole lines are scrubbed, so a secret that two chunks share is found too; a line is cut at 4,096 characters.
 */
export function followStderr(stream: Readable, scrub: Scrub, logFile?: string): StderrTail {
  const kept: string[] = []
  let rest = ''
  let writing = Promise.resolve()

  const keep = (line: string) => {
    const clean = scrub(line).slice(0, longestLine)
    kept.push(clean)
    if (kept.length > keptLines) kept.shift()
    // A log that cannot be written must not stop the server it is about.
    if (logFile) writing = writing.then(() => appendFile(logFile, `${clean}\n`, { mode: 0o600 })).catch(() => {})
  }
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) keep(line)
    if (rest.length > 2 * longestLine) {
      keep(rest)
      rest = ''
    }
  })
  stream.on('end', () => {
    if (rest !== '') keep(rest)
    rest = ''
  })
  stream.on('error', () => {})
  return { lines: () => [...kept] }
}
