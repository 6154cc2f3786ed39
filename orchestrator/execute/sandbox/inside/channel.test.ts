import { once } from 'node:events'
import { type Duplex, duplexPair } from 'node:stream'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { type Channel, type ChannelListeners, openChannel } from './channel.ts'
import { encodeFrame, frameKinds } from './frame.ts'

/** Two ends of a channel; the second does as it is told. */
function pair(there: ChannelListeners, here: ChannelListeners = {}): { near: Channel; far: Channel; wire: Duplex } {
  const [one, other] = duplexPair()
  return { near: openChannel(one, here), far: openChannel(other, there), wire: one }
}

const echo: ChannelListeners = { onStream: (_, stream) => stream.pipe(stream) }

test('carries many streams at once, each whole and to its own port', async () => {
  const ports: number[] = []
  const { near } = pair({
    onStream(port, stream) {
      ports.push(port)
      stream.pipe(stream)
    },
  })
  const sent = [1, 2, 3].map((port) => String(port).repeat(1_000_000))
  const got = await Promise.all(
    sent.map((words, index) => {
      const stream = near.open(index + 1)
      stream.end(words)
      return text(stream)
    }),
  )
  expect(got).toEqual(sent)
  expect(ports).toEqual([1, 2, 3])
})

test('one side may have said all while the other goes on', async () => {
  const heard = Promise.withResolvers<string>()
  const { near } = pair({
    onStream(_, stream) {
      stream.end('hello')
      heard.resolve(text(stream))
    },
  })
  const stream = near.open(1)
  await once(stream.resume(), 'end')
  stream.end('still here')
  expect(await heard.promise).toBe('still here')
})

test('a reader that does not read stops its writer, and no other', async () => {
  const { near } = pair({ onStream: (port, stream) => (port === 1 ? undefined : stream.pipe(stream)) })
  const blocked = near.open(1)
  let written = false
  blocked.write(Buffer.alloc(1_000_000), () => {
    written = true
  })
  const other = near.open(2)
  other.end('goes on')
  expect(await text(other)).toBe('goes on')
  expect(written).toBe(false)
})

test('a door that nobody opens ends with an error', async () => {
  const { near } = pair({})
  await expect(once(near.open(1), 'data')).rejects.toThrow('ECONNREFUSED')
})

test('messages go beside the streams', async () => {
  const heard: unknown[] = []
  const { near, far } = pair({ onMessage: (message) => heard.push(message), ...echo })
  near.send({ say: 'ready' })
  const stream = near.open(1)
  stream.end()
  await text(stream)
  expect(heard).toEqual([{ say: 'ready' }])
  far.close()
})

test.each([
  ['a frame that is too large', Buffer.from([0, 0, 0, 1, frameKinds.data, 255, 255, 255, 255])],
  ['a message that is no JSON', encodeFrame({ id: 0, kind: frameKinds.message, payload: Buffer.from('{') })],
  ['a stream to half a port', encodeFrame({ id: 1, kind: frameKinds.open, payload: Buffer.from([1]) })],
  [
    'more than was asked for',
    Buffer.concat([
      encodeFrame({ id: 1, kind: frameKinds.open, payload: Buffer.from([0, 1]) }),
      encodeFrame({ id: 1, kind: frameKinds.data, payload: Buffer.alloc(100_000) }),
      encodeFrame({ id: 1, kind: frameKinds.data, payload: Buffer.alloc(100_000) }),
    ]),
  ],
  [
    'more streams than there may be',
    Buffer.concat(
      Array.from({ length: 300 }, (_, index) =>
        encodeFrame({ id: index + 1, kind: frameKinds.open, payload: Buffer.from([0, 1]) }),
      ),
    ),
  ],
])('%s closes the channel', async (_, bytes) => {
  const [wire, other] = duplexPair()
  const closed = new Promise<void>((resolve) => {
    openChannel(other, { onMessage() {}, onStream: (_port, stream) => stream.on('error', () => {}), onClose: resolve })
  })
  wire.on('error', () => {})
  wire.write(bytes)
  await closed
})

test('streams break with their channel', async () => {
  const { near, far } = pair(echo)
  const stream = near.open(1)
  stream.on('error', () => {})
  far.close()
  await once(stream, 'close')
  expect(stream.destroyed).toBe(true)
})
