import { expect, test } from 'vitest'
import { openHostileGateway, until } from '../support/hostile-gateway.ts'

const limits = { circuitFailures: 3, circuit: { firstMs: 1_500, longestMs: 1_500 } }

test('a server that fails again and again is left in peace for a while, then tried with one call', async () => {
  await using hostile = await openHostileGateway({ server: {}, good: {} }, limits)
  for (let failure = 0; failure < 3; failure++) {
    expect(await hostile.outcome('crash', { tool: 'make_thing' })).toMatchObject({ status: 'uncertain' })
  }
  expect(hostile.status()).toMatchObject({ circuit: 'open', retry_at: expect.any(String) })
  const refused = await Promise.all(Array.from({ length: 100 }, () => hostile.outcome('crash', { tool: 'make_thing' })))
  for (const outcome of refused) {
    expect(outcome).toMatchObject({
      status: 'failed',
      failure: {
        kind: 'unavailable',
        message: expect.stringContaining('server.make_thing was not sent'),
        retry_after_ms: expect.any(Number),
      },
    })
  }
  expect(await hostile.outcome('answer', { server: 'good' })).toMatchObject({ status: 'succeeded' })

  await until(
    'a call is let through',
    () => hostile.status().circuit === 'open' && hostile.status().retry_at === undefined,
  )
  const probe = hostile.outcome('answer_slowly', { args: { ms: 300 } })
  await until('the probe is under way', () => hostile.status().circuit === 'half_open')
  expect(await hostile.outcome('answer')).toMatchObject({ status: 'failed', failure: { kind: 'unavailable' } })
  expect(await probe).toMatchObject({ status: 'succeeded' })
  expect(hostile.status().circuit).toBe('closed')
  expect(await hostile.outcome('answer')).toMatchObject({ status: 'succeeded' })
})

test('a probe that is cancelled leaves the circuit open', async () => {
  await using hostile = await openHostileGateway({ server: {} }, limits)
  for (let failure = 0; failure < 3; failure++) await hostile.outcome('crash')
  await until('a call is let through', () => hostile.status().retry_at === undefined)
  const cancel = new AbortController()
  const probe = hostile.outcome('hang', { signal: cancel.signal })
  await until('the probe is under way', async () => hostile.status().state === 'up')
  cancel.abort()
  expect(await probe).toMatchObject({ failure: { message: expect.stringContaining('cancelled') } })
  expect(hostile.status()).toMatchObject({ circuit: 'open', retry_at: expect.any(String) })
})

test('what a server says of its vendor, or of the arguments, is no failure of the server', async () => {
  await using hostile = await openHostileGateway({ server: {} }, limits)
  for (const what of ['decline', 'refuse', 'break_schema'])
    for (let call = 0; call < 5; call++) expect(await hostile.outcome(what)).toMatchObject({ status: 'failed' })
  expect(hostile.status().circuit).toBe('closed')
})

test('calls that wait their turn when the circuit opens are refused, not sent', async () => {
  await using hostile = await openHostileGateway({ server: { manifest: { concurrency: 1 } } }, limits)
  const calls = Array.from({ length: 10 }, () => hostile.outcome('crash', { tool: 'make_thing' }))
  const outcomes = await Promise.all(calls)
  expect(outcomes.map(({ status }) => status)).toEqual([...Array(3).fill('uncertain'), ...Array(7).fill('failed')])
  for (const outcome of outcomes.slice(3))
    expect(outcome).toMatchObject({ failure: { kind: 'unavailable', retry_after_ms: expect.any(Number) } })
})
