import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { faults } from '../faults.ts'
import { type EmulatedStripe, emulatedStripe } from '../fixtures/emulated-stripe.ts'

let emulated: EmulatedStripe

beforeEach(async () => {
  emulated = await emulatedStripe({ busyMs: 1_000 })
})

afterEach(() => emulated[Symbol.asyncDispose]())

const arm = (mode: string | null) => emulated.control('faults', { mode })
const create = (idempotencyKey?: string) =>
  emulated.stripe.customers.create({ name: 'Acme' }, idempotencyKey === undefined ? {} : { idempotencyKey })
const customers = async () => (await emulated.stripe.customers.list()).data.map(({ id }) => id)

test('every fault that the manifest names can be armed and cleared', async () => {
  for (const mode of Object.keys(faults)) {
    expect(await arm(mode)).toEqual({ status: 200, body: { mode } })
    expect(await arm(null)).toEqual({ status: 200, body: { mode: null } })
  }
})

describe('a 500 is kept under its key', () => {
  test('crash: the change has happened, and only a look tells', async () => {
    await arm('crash')
    await expect(create('k')).rejects.toMatchObject({ type: 'StripeAPIError', statusCode: 500 })
    expect(await customers()).toHaveLength(1)
    await expect(create('k')).rejects.toMatchObject({
      statusCode: 500,
      headers: expect.objectContaining({ 'idempotent-replayed': 'true' }),
    })
    expect(await customers()).toHaveLength(1)
  })

  test('stalled: nothing has happened, and only another key gets through', async () => {
    await arm('stalled')
    await expect(create('k')).rejects.toMatchObject({ statusCode: 500 })
    await expect(create('k')).rejects.toMatchObject({ statusCode: 500 })
    expect(await customers()).toEqual([])
    expect([(await create('k2')).id]).toEqual(await customers())
  })
})

test('busy: a key whose first request is under way is refused with 409, and afterwards answers what that one did', async () => {
  await arm('busy')
  await expect(create('k')).rejects.toMatchObject({ type: 'StripeConnectionError' })
  await expect(create('k')).rejects.toMatchObject({ statusCode: 409, code: 'idempotency_key_in_use' })
  let id: string | undefined
  while (id === undefined) id = (await create('k').catch(() => undefined))?.id
  expect(await customers()).toEqual([id])
})

test('limited: answers 429 with Retry-After twice, to reads as well', async () => {
  await arm('limited')
  const limited = { type: 'StripeRateLimitError', code: 'rate_limit', headers: { 'retry-after': '1' } }
  await expect(create()).rejects.toMatchObject(limited)
  await expect(customers()).rejects.toMatchObject(limited)
  expect(await customers()).toEqual([])
})

test('lost: a deletion, too, happens without a reply', async () => {
  const { id } = await create()
  await arm('lost')
  await expect(emulated.stripe.customers.del(id)).rejects.toMatchObject({ type: 'StripeConnectionError' })
  expect(await customers()).toEqual([])
})
