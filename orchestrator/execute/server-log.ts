import { appendFile, rename, stat } from 'node:fs/promises'

/** A log file that does not grow for ever: the one before is kept beside it under the name `<file>.1`. */
export interface ServerLog {
  append(line: string): void
}

const mostWaitingBytes = 1_048_576

/** `limitBytes` bounds the file; lines that come faster than the disk takes them are counted instead of kept. */
export function openServerLog(file: string, limitBytes: number): ServerLog {
  let waiting: string[] = []
  let waitingBytes = 0
  let dropped = 0
  let writing = false
  let size: number | undefined

  async function write(): Promise<void> {
    while (waiting.length > 0) {
      const text = waiting.join('')
      waiting = []
      waitingBytes = 0
      size ??= await stat(file).then(
        (found) => found.size,
        () => 0,
      )
      if (size > 0 && size + text.length > limitBytes) {
        await rename(file, `${file}.1`)
        size = 0
      }
      await appendFile(file, text, { mode: 0o600 })
      size += text.length
    }
  }

  function push(line: string): void {
    waiting.push(`${line}\n`)
    waitingBytes += line.length
    if (writing) return
    writing = true
    write()
      // A log that cannot be written must not stop the server it is about.
      .catch(() => {
        waiting = []
        waitingBytes = 0
      })
      .finally(() => {
        writing = false
      })
  }

  return {
    append(line) {
      if (waitingBytes > mostWaitingBytes) {
        dropped += 1
        return
      }
      if (dropped > 0) push(`… ${dropped} lines came too fast to be kept`)
      dropped = 0
      push(line)
    },
  }
}
