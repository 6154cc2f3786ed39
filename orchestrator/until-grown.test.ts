import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { openGrowthWaits } from './until-grown.ts'

test('wakes who waits when the run grows, and leaves nothing at a signal that is used again', async () => {
  let grow: (runId?: string) => void = () => undefined
  const waits = await openGrowthWaits({
    growth: {
      listen: async (onGrowth) => {
        grow = onGrowth
        return { close: async () => undefined }
      },
    },
  })
  const { signal } = new AbortController()
  const waiting = waits.untilGrown('run', { ms: 60_000, signal })
  grow('another')
  expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  grow('run')
  await waiting
  expect(getEventListeners(signal, 'abort')).toEqual([])
})
