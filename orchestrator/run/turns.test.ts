import { expect, test } from 'vitest'
import { Turns } from './turns.ts'

test('work for one key is done one after the other, in order, also after a failure; work for others is not held up', async () => {
  const turns = new Turns()
  const done: string[] = []
  const gate = Promise.withResolvers<void>()
  const first = turns.take('a', async () => {
    await gate.promise
    done.push('first of a')
    throw new Error('no')
  })
  const second = turns.take('a', async () => done.push('second of a'))
  await turns.take('b', async () => done.push('b'))
  gate.resolve()
  await expect(first).rejects.toThrow('no')
  await second
  expect(done).toEqual(['b', 'first of a', 'second of a'])
})
