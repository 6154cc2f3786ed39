import { setImmediate as turn } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { type FollowOptions, followTools, type Quarantine } from './follow-tools.ts'

const never = new AbortController().signal
const all: Quarantine = new Map()
const without = (tool: string): Quarantine => new Map([[tool, 'gone']])

function following(more: Partial<FollowOptions> = {}) {
  const ended = new AbortController()
  const looks: PromiseWithResolvers<Quarantine>[] = []
  const look = () => {
    const next = Promise.withResolvers<Quarantine>()
    looks.push(next)
    return next.promise
  }
  const options = {
    look,
    first: all,
    restMs: 0,
    goodForMs: 60_000,
    ended: ended.signal,
    onChange: vi.fn(),
    onFailure: vi.fn(),
    ...more,
  }
  return { ...options, end: ended, looks, tools: followTools(options) }
}

test('shows what was seen last without a look', async () => {
  const { tools, looks } = following()
  expect(await tools.quarantine(never)).toBe(all)
  expect(looks).toEqual([])
})

test('after a change was told, waits for a look that began later', async () => {
  const { tools, looks, onChange } = following()
  tools.changed()
  const early = tools.quarantine(never)
  tools.changed()
  const late = tools.quarantine(never)
  looks[0]?.resolve(without('a'))
  expect(await early).toEqual(without('a'))
  await vi.waitFor(() => expect(looks).toHaveLength(2))
  looks[1]?.resolve(without('b'))
  expect(await late).toEqual(without('b'))
  expect(onChange).toHaveBeenCalledTimes(2)
})

test('a flood of changes costs two looks', async () => {
  const { tools, looks, onChange } = following()
  for (let change = 0; change < 1_000; change++) tools.changed()
  looks[0]?.resolve(all)
  await vi.waitFor(() => expect(looks).toHaveLength(2))
  looks[1]?.resolve(all)
  expect(await tools.quarantine(never)).toEqual(all)
  await turn()
  expect(looks).toHaveLength(2)
  expect(onChange).not.toHaveBeenCalled()
})

test('rests between two looks', async () => {
  const { tools, looks, end } = following({ restMs: 60_000 })
  tools.changed()
  looks[0]?.resolve(all)
  await tools.quarantine(never)
  tools.changed()
  await turn()
  expect(looks).toHaveLength(1)
  end.abort()
})

test('a change that is told while the last look is being put away is not missed', async () => {
  const { tools, looks } = following()
  tools.changed()
  const waiting = tools.quarantine(never).then(() => tools.changed())
  looks[0]?.resolve(all)
  await waiting
  await vi.waitFor(() => expect(looks).toHaveLength(2))
})

test('a look that fails is told, and those who wait for it wait on until the connection ends', async () => {
  const { tools, looks, onFailure, end } = following()
  tools.changed()
  const waiting = tools.quarantine(never)
  looks[0]?.reject(new Error('no'))
  await vi.waitFor(() => expect(onFailure).toHaveBeenCalledOnce())
  end.abort(new Error('ended'))
  await expect(waiting).rejects.toThrow('ended')
})

test('an old look is not good enough, even where no change was told', async () => {
  const { tools, looks } = following({ goodForMs: -1 })
  const waiting = tools.quarantine(never)
  looks[0]?.resolve(without('a'))
  expect(await waiting).toEqual(without('a'))
})

test('nobody waits longer than their own signal', async () => {
  const { tools } = following()
  tools.changed()
  await expect(tools.quarantine(AbortSignal.abort('enough'))).rejects.toBe('enough')
})
