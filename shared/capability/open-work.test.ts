import { expect, it } from 'vitest'
import { openWork } from './open-work.ts'

it('is idle from the start, and again when the last of it ended', async () => {
  const work = openWork()
  await work.idle()
  const [first, second] = [work.start(), work.start()]
  let idle = false
  const waiting = work.idle().then(() => {
    idle = true
  })
  first()
  first()
  await Promise.resolve()
  expect([work.count, idle]).toEqual([1, false])
  second()
  await waiting
  expect(work.count).toBe(0)
})
