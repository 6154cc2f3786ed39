import type { Feed } from './run-followers.ts'

export interface EventStreamOptions {
  /** Ends the stream, such as when the server stops; the listener comes back by itself. */
  signal: AbortSignal
  /** After so long without an event a comment goes out, so that nothing on the way takes the connection for dead. */
  keepAliveMs: number
  /** Asked now and then: a stream outlives what let its listener in. */
  isStillAllowed(): Promise<boolean>
}

/** A run as server-sent events. It is read only as fast as the listener takes it: a slow one holds up nobody and fills nothing. */
export function eventStream(
  feed: Feed,
  { signal, keepAliveMs, isStillAllowed }: EventStreamOptions,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  const left = new AbortController()
  const ended = AbortSignal.any([signal, left.signal])
  let checkedAt = performance.now()

  const mayGoOn = async (): Promise<boolean> => {
    if (performance.now() - checkedAt < keepAliveMs) return true
    checkedAt = performance.now()
    // A record that is away says nothing about who may read it.
    return isStillAllowed().catch(() => true)
  }
  const nextText = async (): Promise<string | undefined> => {
    const frames = await feed.next(keepAliveMs, ended).catch(() => [])
    if (!frames || ended.aborted || !(await mayGoOn())) return undefined
    return frames.length > 0 ? frames.map(({ text }) => text).join('') : ': still here\n\n'
  }

  return new ReadableStream(
    {
      start: (controller) => controller.enqueue(encoder.encode('retry: 1000\n\n')),
      async pull(controller) {
        const text = await nextText()
        if (text !== undefined) return controller.enqueue(encoder.encode(text))
        feed.close()
        if (!left.signal.aborted) controller.close()
      },
      cancel() {
        left.abort()
        feed.close()
      },
    },
    { highWaterMark: 1 },
  )
}
