import { expect, test } from 'vitest'
import { faultRoutes, openFaults } from './emulator-faults.ts'

const strikes = { twice: 2, forever: Number.POSITIVE_INFINITY }

test('strikes as often as it is meant to, and is over', () => {
  const faults = openFaults(strikes)
  faults.arm('twice')
  expect([faults.take('twice'), faults.take('twice'), faults.take('twice')]).toEqual([true, true, false])
  expect(faults.armed()).toBeUndefined()
})

test('strikes until it is cleared where it has no end', () => {
  const faults = openFaults(strikes)
  faults.arm('forever')
  for (let time = 0; time < 20; time += 1) expect(faults.take('forever')).toBe(true)
  faults.clear()
  expect(faults.take('forever')).toBe(false)
})

test('strikes only where it was armed for, and one fault takes the place of another', () => {
  const faults = openFaults(strikes)
  faults.arm('twice')
  expect(faults.take('forever')).toBe(false)
  faults.arm('forever')
  expect(faults.take('twice')).toBe(false)
  expect(faults.armed()?.mode).toBe('forever')
})

test('is armed, shown and cleared by route, and a name that nobody knows is refused with those that are', async () => {
  const faults = openFaults(strikes)
  const app = faultRoutes(faults)
  const post = (body: string) => app.request('/faults', { method: 'POST', body })

  expect(await (await post('{"mode":"twice"}')).json()).toEqual({ mode: 'twice' })
  expect(await (await app.request('/faults')).json()).toEqual({ mode: 'twice' })
  expect(faults.take('twice')).toBe(true)
  expect(await (await post('{"mode":null}')).json()).toEqual({ mode: null })
  expect(faults.armed()).toBeUndefined()

  for (const body of ['{"mode":"fire"}', '{}', 'no JSON']) {
    const refused = await post(body)
    expect(refused.status).toBe(400)
    expect(await refused.text()).toContain('one of twice, forever, or null')
  }
})

test('belongs to whoever armed it under a name: others neither replace nor clear it, unless they give none', async () => {
  const faults = openFaults(strikes)
  const app = faultRoutes(faults)
  const post = (body: object) => app.request('/faults', { method: 'POST', body: JSON.stringify(body) })
  const armed = { mode: 'forever', by: 'ada' }

  expect(await (await post(armed)).json()).toEqual(armed)
  const refused = await post({ mode: 'twice', by: 'eve' })
  expect([refused.status, await refused.json()]).toEqual([409, armed])
  expect(await (await post({ mode: null, by: 'eve' })).json()).toEqual(armed)
  expect(await (await post({ mode: null, by: 'ada' })).json()).toEqual({ mode: null })

  await post(armed)
  expect(await (await post({ mode: 'twice' })).json()).toEqual({ mode: 'twice' })
  expect((await post({ mode: 'forever', by: 'eve' })).status).toBe(409)
  expect(await (await post({ mode: null })).json()).toEqual({ mode: null })
})
