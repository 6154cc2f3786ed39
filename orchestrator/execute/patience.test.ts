import { getEventListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { orAborted, patience } from './patience.ts'

function setting(remainingMs = 60_000) {
  const cancel = new AbortController()
  const closing = new AbortController()
  return { cancel, closing, wait: patience({ cancel: cancel.signal, closing: closing.signal, remainingMs }) }
}

test('says what ended it, and the first reason stays', () => {
  const { cancel, closing, wait } = setting()
  expect(wait.ranOut()).toBeUndefined()
  cancel.abort()
  closing.abort()
  expect(wait.ranOut()).toBe('cancelled')
  expect(wait.signal.aborted).toBe(true)
})

test('runs out at the deadline', async () => {
  const { wait } = setting(1)
  await new Promise((resolve) => wait.signal.addEventListener('abort', resolve))
  expect(wait.ranOut()).toBe('too_late')
})

test('has run out from the start where the deadline has passed or the gateway closes', () => {
  expect(setting(0).wait.ranOut()).toBe('too_late')
  const closing = AbortSignal.abort()
  expect(patience({ closing, cancel: AbortSignal.abort(), remainingMs: -1 }).ranOut()).toBe('closing')
})

test('holds nothing once it is released or has run out', async () => {
  for (const end of ['release', 'cancel'] as const) {
    const { cancel, closing, wait } = setting(20)
    if (end === 'release') wait.release()
    else cancel.abort()
    expect(getEventListeners(cancel.signal, 'abort')).toEqual([])
    expect(getEventListeners(closing.signal, 'abort')).toEqual([])
    await sleep(40)
    expect(wait.ranOut()).toBe(end === 'release' ? undefined : 'cancelled')
  }
})

test('a promise is waited for until the signal aborts, and the signal is let go', async () => {
  const controller = new AbortController()
  expect(await orAborted(Promise.resolve(1), controller.signal)).toBe(1)
  await expect(orAborted(Promise.reject(new Error('no')), controller.signal)).rejects.toThrow('no')
  const waiting = orAborted(new Promise(() => {}), controller.signal)
  controller.abort('enough')
  await expect(waiting).rejects.toBe('enough')
  await expect(orAborted(Promise.resolve(1), controller.signal)).rejects.toBe('enough')
  expect(getEventListeners(controller.signal, 'abort')).toEqual([])
})
