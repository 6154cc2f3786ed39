/** What is left of a line that was too long to keep. */
export interface LongLine {
  bytes: number
  head: string
  tail: string
}

export interface LineReader {
  /** Of one line. */
  limitBytes: number
  onLine(line: string, bytes: number): void
  onLongLine(line: LongLine): void
  /** A line goes on beyond four times the limit. */
  onEndless?(): void
}

export interface LineSplitter {
  push(chunk: Buffer): void
  /** Takes what is left for a line: no line end came after it. */
  end(): void
  /** Forgets what has come so far; what comes later is ignored. */
  stop(): void
}

const newline = 0x0a
const endBytes = 512
const endlessFactor = 4
const keptCapacity = 65_536

/**
 * Splits a stream into lines, in memory of twice the limit at most however small its chunks are. Of a line beyond the limit
 * only both ends are kept. Lines are split as bytes, so that no character is torn; empty ones are left out.
 */
export function splitLines({ limitBytes, onLine, onLongLine, onEndless }: LineReader): LineSplitter {
  let held = Buffer.alloc(0)
  let bytes = 0
  let long: { head: string; tail: Buffer } | undefined
  let stopped = false

  function hold(piece: Buffer): void {
    if (bytes + piece.length > held.length) {
      const grown = Buffer.allocUnsafe(Math.max(bytes + piece.length, 2 * held.length))
      held.copy(grown, 0, 0, bytes)
      held = grown
    }
    piece.copy(held, bytes)
    bytes += piece.length
  }

  function add(piece: Buffer): void {
    if (!long) {
      hold(piece)
      if (bytes <= limitBytes) return
      long = { head: held.toString('utf8', 0, endBytes), tail: Buffer.from(held.subarray(bytes - endBytes, bytes)) }
      held = Buffer.alloc(0)
      return
    }
    const wasEndless = bytes > limitBytes * endlessFactor
    bytes += piece.length
    long.tail = Buffer.concat([long.tail, piece.subarray(-endBytes)]).subarray(-endBytes)
    if (!wasEndless && bytes > limitBytes * endlessFactor) onEndless?.()
  }

  function endLine(): void {
    const line = held.toString('utf8', 0, long ? 0 : bytes)
    const ended = { bytes, long }
    bytes = 0
    long = undefined
    if (held.length > keptCapacity) held = Buffer.alloc(0)
    if (ended.long) onLongLine({ bytes: ended.bytes, head: ended.long.head, tail: ended.long.tail.toString() })
    else if (line !== '' && line !== '\r') onLine(line.endsWith('\r') ? line.slice(0, -1) : line, ended.bytes)
  }

  return {
    push(chunk) {
      let from = 0
      while (!stopped && from < chunk.length) {
        const at = chunk.indexOf(newline, from)
        add(chunk.subarray(from, at < 0 ? undefined : at))
        if (at < 0) return
        endLine()
        from = at + 1
      }
    },
    end() {
      if (!stopped && bytes > 0) endLine()
    },
    stop() {
      stopped = true
      held = Buffer.alloc(0)
    },
  }
}
