import { Duplex } from 'node:stream'
import { encodeFrame, type Frame, frameKinds, readFrames } from './frame.ts'

/** Bytes that one side may send of one stream before the other says that it has taken them. */
const windowBytes = 128 * 1_024
const sliceBytes = 64 * 1_024
/** Streams at the same time; one that wants more is breaking out of its limits. */
const mostStreams = 256

/** What the two ends of a jail's only way out do with it. */
export interface Channel {
  /** Opens a stream to a door; it ends with an error where nobody answers there. */
  open(port: number): Duplex
  /** Sends a message beside the streams. */
  send(message: unknown): void
  close(): void
}

export interface ChannelListeners {
  onMessage?(message: unknown): void
  /** The other side opens a stream; without a listener it is refused. */
  onStream?(port: number, stream: Duplex): void
  /** Nothing will come any more; a breach of the protocol closes a channel, too. */
  onClose?(): void
}

/**
 * Many streams and messages over one descriptor, which is all that a jail has of a network. The other side is not trusted:
 * what it may make us hold is bounded, and what breaks the protocol closes the channel.
 */
export function openChannel(socket: Duplex, { onMessage, onStream, onClose }: ChannelListeners): Channel {
  const streams = new Map<number, TunnelStream>()
  let opened = 0
  let closed = false

  const write = (frame: Frame): void => {
    if (!closed) socket.write(encodeFrame(frame))
  }
  const adopt = (id: number): TunnelStream => {
    const stream = new TunnelStream((kind, payload) => write({ id, kind, payload }))
    streams.set(id, stream)
    stream.once('close', () => streams.delete(id))
    return stream
  }
  const close = (): void => {
    if (closed) return
    closed = true
    socket.destroy()
    for (const stream of streams.values()) stream.destroy()
    onClose?.()
  }
  const take = ({ id, kind, payload }: Frame): void => {
    if (kind === frameKinds.message) onMessage?.(JSON.parse(payload.toString('utf8')))
    else if (kind === frameKinds.open) takeStream(id, payload)
    // One that ended here may still be written to from there.
    else streams.get(id)?.receive(kind, payload)
  }
  const takeStream = (id: number, payload: Buffer): void => {
    if (streams.has(id) || streams.size >= mostStreams || payload.length !== 2)
      throw new RangeError('a stream that may not be')
    if (onStream) onStream(payload.readUInt16BE(0), adopt(id))
    else write({ id, kind: frameKinds.reset, payload: none })
  }
  const feed = readFrames(take)

  socket.on('data', (chunk: Buffer) => {
    try {
      feed(chunk)
    } catch {
      close()
    }
  })
  socket.on('error', close)
  socket.on('close', close)
  socket.on('end', close)
  return {
    open(port) {
      opened += 1
      const stream = adopt(opened)
      const payload = Buffer.alloc(2)
      payload.writeUInt16BE(port)
      if (closed) stream.destroy(new Error('the channel is closed'))
      else write({ id: opened, kind: frameKinds.open, payload })
      return stream
    },
    send: (message) => write({ id: 0, kind: frameKinds.message, payload: Buffer.from(JSON.stringify(message)) }),
    close,
  }
}

const none = Buffer.alloc(0)

/** One stream of a channel, with back-pressure of its own. */
class TunnelStream extends Duplex {
  readonly #tell: (kind: number, payload: Buffer) => void
  #mayStillSend = windowBytes
  #waiting: (() => void) | undefined
  #taken = 0
  #held = 0
  #otherSideIsGone = false

  constructor(tell: (kind: number, payload: Buffer) => void) {
    super({ allowHalfOpen: true })
    this.#tell = tell
  }

  receive(kind: number, payload: Buffer): void {
    if (kind === frameKinds.data) {
      this.#held += payload.length
      if (this.#held > windowBytes) throw new RangeError('more than the window')
      this.#taken += payload.length
      this.push(payload)
    } else if (kind === frameKinds.end) this.push(null)
    else if (kind === frameKinds.credit) {
      if (payload.length !== 4) throw new RangeError('a credit of no size')
      this.#mayStillSend = Math.min(windowBytes, this.#mayStillSend + payload.readUInt32BE(0))
      const go = this.#waiting
      this.#waiting = undefined
      go?.()
    } else if (kind === frameKinds.reset) {
      this.#otherSideIsGone = true
      this.destroy(Object.assign(new Error('connect ECONNREFUSED or reset'), { code: 'ECONNRESET' }))
    } else throw new RangeError('a frame of no kind')
  }

  override _read(): void {
    if (this.#taken === 0) return
    const payload = Buffer.alloc(4)
    payload.writeUInt32BE(this.#taken)
    this.#held -= this.#taken
    this.#taken = 0
    this.#tell(frameKinds.credit, payload)
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    let rest = chunk
    while (rest.length > 0 && this.#mayStillSend > 0) {
      const slice = rest.subarray(0, Math.min(sliceBytes, this.#mayStillSend))
      this.#mayStillSend -= slice.length
      rest = rest.subarray(slice.length)
      this.#tell(frameKinds.data, slice)
    }
    if (rest.length === 0) done()
    else this.#waiting = () => this._write(rest, _encoding, done)
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#tell(frameKinds.end, none)
    done()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.#otherSideIsGone && !(this.readableEnded && this.writableFinished)) this.#tell(frameKinds.reset, none)
    done(error)
  }
}
