/** A piece of what goes over a channel. */
export interface Frame {
  /** The stream that it belongs to; messages belong to none. */
  id: number
  kind: number
  payload: Buffer
}

export const frameKinds = { message: 0, open: 1, data: 2, end: 3, credit: 4, reset: 5 } as const

const headBytes = 9
const mostPayloadBytes = 256 * 1_024

export function encodeFrame({ id, kind, payload }: Frame): Buffer {
  const frame = Buffer.allocUnsafe(headBytes + payload.length)
  frame.writeUInt32BE(id, 0)
  frame.writeUInt8(kind, 4)
  frame.writeUInt32BE(payload.length, 5)
  payload.copy(frame, headBytes)
  return frame
}

/** Cuts what arrives into frames. Throws a RangeError at one that is too large. */
export function readFrames(take: (frame: Frame) => void): (chunk: Buffer) => void {
  let pending: Buffer = Buffer.alloc(0)
  return (chunk) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    while (pending.length >= headBytes) {
      const length = pending.readUInt32BE(5)
      if (length > mostPayloadBytes) throw new RangeError(`a frame of ${length} bytes`)
      if (pending.length < headBytes + length) return
      const payload = pending.subarray(headBytes, headBytes + length)
      const frame = { id: pending.readUInt32BE(0), kind: pending.readUInt8(4), payload }
      pending = pending.subarray(headBytes + length)
      take(frame)
    }
  }
}
