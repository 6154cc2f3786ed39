import { expect, test } from 'vitest'
import { lanes } from './lanes.ts'

const never = new AbortController().signal

test('lets in as many as there are lanes, and the others in order of arrival', async () => {
  const { enter, taken, waiting } = lanes(2)
  const seen: number[] = []
  const first = await enter(never)
  const second = await enter(never)
  const others = [3, 4, 5].map(async (number) => {
    const leave = await enter(never)
    seen.push(number)
    return leave
  })
  expect([taken(), waiting()]).toEqual([2, 3])
  second()
  first()
  await Promise.all(others.slice(0, 2))
  expect(seen).toEqual([3, 4])
  expect([taken(), waiting()]).toEqual([2, 1])
})

test('a lane that is handed over cannot be taken by one who comes later', async () => {
  const { enter } = lanes(1)
  const leave = await enter(never)
  const seen: string[] = []
  const early = enter(never).then(() => seen.push('early'))
  leave()
  void enter(never).then(() => seen.push('late'))
  await early
  expect(seen).toEqual(['early'])
})

test('leaving twice frees one lane', async () => {
  const { enter, taken } = lanes(2)
  const leave = await enter(never)
  await enter(never)
  leave()
  leave()
  expect(taken()).toBe(1)
})

test('one who gives up loses the place in the queue, and its listener', async () => {
  const { enter, waiting } = lanes(1)
  const leave = await enter(never)
  const patience = new AbortController()
  const impatient = enter(patience.signal)
  const patient = enter(never)
  patience.abort('enough')
  await expect(impatient).rejects.toBe('enough')
  expect(waiting()).toBe(1)
  leave()
  await patient
  await expect(enter(patience.signal)).rejects.toBe('enough')
})

test('a thousand in one queue do not slow each other down, whoever gives up', async () => {
  const { enter, taken, waiting } = lanes(1)
  const leave = await enter(never)
  const patience = new AbortController()
  const all = Array.from({ length: 1_000 }, (_, index) =>
    enter(index % 2 === 0 ? never : AbortSignal.any([patience.signal])),
  )
  patience.abort()
  const settled = Promise.allSettled(all.map((entering) => entering.then((out) => out())))
  leave()
  expect((await settled).filter(({ status }) => status === 'fulfilled')).toHaveLength(500)
  expect([taken(), waiting()]).toEqual([0, 0])
})
