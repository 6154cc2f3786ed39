import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type EmulatedStripe, emulatedStripe } from '../fixtures/emulated-stripe.ts'

const start = Date.parse('2026-01-31T10:00:00Z') / 1000
const day = 86_400
const seconds = (instant: string) => Date.parse(instant) / 1000

let machine: number
let emulated: EmulatedStripe

beforeEach(async () => {
  machine = start
  emulated = await emulatedStripe({ machine: () => machine })
})

afterEach(() => emulated[Symbol.asyncDispose]())

const advance = (advance_s: number) => emulated.control('clock', { advance_s })

async function subscribe(customer: string, trial_period_days?: number) {
  return emulated.stripe.subscriptions.create({
    customer,
    items: [{ price: 'price_team_monthly', quantity: 2 }],
    ...(trial_period_days !== undefined && { trial_period_days }),
  })
}

/** What happened to an object, oldest first, without anybody's asking. */
async function happened(): Promise<string[]> {
  const { data } = await emulated.stripe.events.list({ limit: 100 })
  return data
    .filter(({ request }) => request?.id === null)
    .map(({ type, created }) => `${new Date(created * 1000).toISOString().slice(0, 16)} ${type}`)
    .reverse()
}

describe('as time passes', () => {
  test('periods renew on the day of the anchor, each with an invoice that is paid', async () => {
    const customer = await emulated.customerWith()
    const { id } = await subscribe(customer)
    await emulated.control('clock', { now: seconds('2026-04-01T00:00:00Z') })

    const { status, items } = await emulated.stripe.subscriptions.retrieve(id)
    expect(status).toBe('active')
    expect(items.data[0]).toMatchObject({
      current_period_start: seconds('2026-03-31T10:00:00Z'),
      current_period_end: seconds('2026-04-30T10:00:00Z'),
    })
    const { data: invoices } = await emulated.stripe.invoices.list({ customer })
    expect(
      invoices.map(({ created, billing_reason, status, amount_paid }) => [
        created,
        billing_reason,
        status,
        amount_paid,
      ]),
    ).toEqual([
      [seconds('2026-03-31T10:00:00Z'), 'subscription_cycle', 'paid', 3_800],
      [seconds('2026-02-28T10:00:00Z'), 'subscription_cycle', 'paid', 3_800],
      [start, 'subscription_create', 'paid', 3_800],
    ])
    expect(new Set(invoices.map(({ number }) => number)).size).toBe(3)
  })

  test('a trial gives warning three days before it ends, and then is charged', async () => {
    const customer = await emulated.customerWith()
    const { id } = await subscribe(customer, 14)
    await advance(11 * day)
    expect(await happened()).toEqual(['2026-02-11T10:00 customer.subscription.trial_will_end'])
    await advance(3 * day)

    expect(await happened()).toEqual([
      '2026-02-11T10:00 customer.subscription.trial_will_end',
      '2026-02-14T10:00 invoice.created',
      '2026-02-14T10:00 invoice.finalized',
      '2026-02-14T10:00 invoice.paid',
      '2026-02-14T10:00 invoice.payment_succeeded',
      '2026-02-14T10:00 customer.subscription.updated',
    ])
    const { data } = await emulated.stripe.events.list({ type: 'customer.subscription.updated' })
    expect(data[0]?.data).toMatchObject({
      object: { id, status: 'active' },
      previous_attributes: { status: 'trialing' },
    })
    expect(data[0]?.data.previous_attributes).not.toHaveProperty('customer')
    expect((await emulated.stripe.subscriptions.retrieve(id)).items.data[0]?.current_period_end).toBe(
      seconds('2026-03-14T10:00:00Z'),
    )
  })

  test('a trial without a card that pays ends past due, with an open invoice', async () => {
    const { id: customer } = await emulated.stripe.customers.create({ name: 'Acme' })
    const { id } = await subscribe(customer, 14)
    await advance(14 * day)
    expect((await emulated.stripe.subscriptions.retrieve(id)).status).toBe('past_due')
    const { data } = await emulated.stripe.invoices.list({ customer, status: 'open' })
    expect(data).toMatchObject([{ amount_remaining: 3_800, billing_reason: 'subscription_cycle' }])
  })

  test('a renewal is declined while that is rehearsed, and the next one is not', async () => {
    const { id } = await subscribe(await emulated.customerWith())
    await emulated.control('faults', { mode: 'declined' })
    await advance(28 * day)
    expect((await emulated.stripe.subscriptions.retrieve(id)).status).toBe('past_due')
    await emulated.control('faults', { mode: null })
    await advance(31 * day)
    expect((await emulated.stripe.subscriptions.retrieve(id)).status).toBe('active')
  })

  test('a first payment that does not come within 23 hours ends the subscription', async () => {
    const { id, status } = await subscribe(await emulated.customerWith('pm_card_chargeCustomerFail'))
    expect(status).toBe('incomplete')
    await advance(23 * 3_600 - 1)
    expect((await emulated.stripe.subscriptions.retrieve(id)).status).toBe('incomplete')
    await advance(1)
    expect((await emulated.stripe.subscriptions.retrieve(id)).status).toBe('incomplete_expired')
  })

  test('a cancelled subscription stays as it is', async () => {
    const customer = await emulated.customerWith()
    const { id } = await subscribe(customer)
    await emulated.stripe.subscriptions.cancel(id)
    await advance(90 * day)
    expect((await emulated.stripe.invoices.list({ customer })).data).toHaveLength(1)
    expect(await happened()).toEqual([])
  })

  test('the machine’s own time counts as well, and none of it twice where its clock is put back', async () => {
    await subscribe(await emulated.customerWith(), 14)
    machine += 12 * day
    const warned = ['2026-02-11T10:00 customer.subscription.trial_will_end']
    expect(await happened()).toEqual(warned)
    machine -= 5 * day
    expect(await happened()).toEqual(warned)
    machine += 5 * day
    expect(await happened()).toEqual(warned)
  })

  test('idempotency keys are forgotten after a day', async () => {
    const create = () => emulated.stripe.customers.create({ name: 'Acme' }, { idempotencyKey: 'k' })
    const first = await create()
    await advance(day)
    expect((await create()).id).toBe(first.id)
    await advance(1)
    expect((await create()).id).not.toBe(first.id)
  })
})

describe('the clock', () => {
  test('says what time it is, and stands still between two askings of a machine that does', async () => {
    expect((await emulated.control('clock')).body).toEqual({ now: start })
    expect((await advance(60)).body).toEqual({ now: start + 60 })
    expect((await emulated.stripe.customers.create({ name: 'Acme' })).created).toBe(start + 60)
  })

  test.each([{ now: start - 1 }, { advance_s: 800 * day }, { advance_s: -1 }, { now: 'soon' }, {}])(
    'does not move by %j',
    async (body) => {
      const refused = await emulated.control('clock', body)
      expect(refused.status).toBe(400)
      expect(refused.body).toMatchObject({ error: expect.any(String) })
      expect((await emulated.control('clock')).body).toEqual({ now: start })
    },
  )
})
