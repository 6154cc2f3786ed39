import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type EmulatedStripe, emulatedStripe } from './fixtures/emulated-stripe.ts'

const platform = `${process.platform}-${process.arch}`
const cli = findCli()
// CI has a platform for which Stripe makes the CLI: there a missing one is a failure, not a reason to skip.
const missing = cli === undefined && process.env.CI !== 'true'

/** Stripe's own command line is a client that nobody here has written: what it takes for Stripe, others will too. */
describe.skipIf(missing)(`Stripe’s own CLI (needs @stripe/cli-${platform}) takes the emulator for Stripe`, () => {
  let emulated: EmulatedStripe
  let home: string

  beforeAll(async () => {
    emulated = await emulatedStripe()
    home = await mkdtemp(join(tmpdir(), 'remit-stripe-cli-'))
  })

  afterAll(async () => {
    await emulated[Symbol.asyncDispose]()
    await rm(home, { recursive: true, force: true })
  })

  /** Runs one command and gives what it prints; any request that is not for loopback ends at a port where nobody is. */
  async function run(args: string[], key = emulated.apiKey): Promise<string> {
    const nowhere = 'http://127.0.0.1:9'
    const environment = { HOME: home, STRIPE_API_KEY: key, STRIPE_CLI_TELEMETRY_OPTOUT: '1', HTTPS_PROXY: nowhere }
    const { stdout } = await promisify(execFile)(String(cli), [...args, '--api-base', emulated.url, '--color', 'off'], {
      env: { PATH: process.env.PATH, ...environment },
      timeout: 60_000,
    })
    return stdout
  }

  async function ask(args: string[], key?: string): Promise<Record<string, unknown>> {
    const printed = await run(args, key)
    return JSON.parse(printed.slice(printed.indexOf('{'))) as Record<string, unknown>
  }

  test('and makes one customer of two requests with one key, which it finds by e-mail address and by search', async () => {
    const create = ['customers', 'create', '--name', 'Acme', '--email', 'ada@acme.example', '-i', 'one']
    const { id } = await ask([...create, '-d', 'metadata[organization_id]=org_1'])
    expect(await ask([...create, '-d', 'metadata[organization_id]=org_1'])).toMatchObject({ id })
    expect(await ask(create)).toMatchObject({ error: { type: 'idempotency_error' } })
    const found = { data: [{ id }] }
    expect(await ask(['customers', 'list', '--email', 'ada@acme.example'])).toMatchObject(found)
    expect(await ask(['customers', 'search', '--query', "metadata['organization_id']:'org_1'"])).toMatchObject(found)
    expect(await ask(['customers', 'retrieve', 'cus_none'])).toMatchObject({ error: { code: 'resource_missing' } })
  })

  test('and subscribes, lists by cursor, expands and cancels', async () => {
    const { id: customer } = await ask(['customers', 'create', '--name', 'Acme'])
    const { id: card } = await ask(['payment_methods', 'attach', 'pm_card_visa', '--customer', String(customer)])
    const subscription = await ask([
      ...['subscriptions', 'create', '--customer', String(customer), '--default-payment-method', String(card)],
      ...['-d', 'items[0][price]=price_team_monthly', '-d', 'items[0][quantity]=3', '-e', 'latest_invoice'],
    ])
    expect(subscription).toMatchObject({ status: 'active', latest_invoice: { status: 'paid', amount_paid: 5_700 } })
    const { data } = (await ask(['prices', 'list', '--limit', '2'])) as { data: { id: string }[] }
    const next = await ask(['prices', 'list', '--limit', '1', '--starting-after', String(data[0]?.id)])
    expect(next).toMatchObject({ has_more: true, data: [{ id: data[1]?.id }] })
    expect(await ask(['subscriptions', 'cancel', String(subscription.id), '--confirm'])).toMatchObject({
      status: 'canceled',
    })
    const types = ['-d', 'types[]=customer.subscription.created', '-d', 'types[]=customer.subscription.deleted']
    expect(await ask(['events', 'list', ...types])).toMatchObject({
      data: [{ type: 'customer.subscription.deleted' }, { type: 'customer.subscription.created' }],
    })
  })

  test('and sells at a price of its own, and pays an invoice that was left open', async () => {
    const { id: product } = await ask(['products', 'create', '--name', 'Gold'])
    const price = ['--currency', 'eur', '--unit-amount', '700', '-d', 'recurring[interval]=year']
    const { id } = await ask([
      'prices',
      'create',
      '--product',
      String(product),
      ...price,
      '--lookup-key',
      'gold_yearly',
    ])
    expect(await ask(['prices', 'list', '-d', 'lookup_keys[]=gold_yearly'])).toMatchObject({ data: [{ id }] })

    const { id: customer } = await ask(['customers', 'create', '--name', 'Acme'])
    const wary = ['payment_methods', 'attach', 'pm_card_authenticationRequired', '--customer', String(customer)]
    const { id: card } = await ask(wary)
    const subscription = await ask([
      ...['subscriptions', 'create', '--customer', String(customer), '--default-payment-method', String(card)],
      ...['-d', `items[0][price]=${id}`],
    ])
    expect(subscription).toMatchObject({ status: 'incomplete' })
    const { id: visa } = await ask(['payment_methods', 'attach', 'pm_card_visa', '--customer', String(customer)])
    const paid = await ask(['invoices', 'pay', String(subscription.latest_invoice), '--payment-method', String(visa)])
    expect(paid).toMatchObject({ status: 'paid', amount_paid: 700 })
    const now = await ask(['subscriptions', 'retrieve', String(subscription.id)])
    expect(now).toMatchObject({ status: 'active' })
  })

  test('and registers a webhook endpoint, whose secret it is told', async () => {
    const endpoint = ['--url', 'http://127.0.0.1:9/', '-d', 'enabled_events[]=invoice.paid']
    const made = await ask(['webhook_endpoints', 'create', ...endpoint])
    expect(made).toMatchObject({ status: 'enabled', secret: expect.stringMatching(/^whsec_/) })
    expect(await ask(['webhook_endpoints', 'delete', String(made.id), '--confirm'])).toMatchObject({ deleted: true })
  })

  test('and triggers an event by a fixture of its own', async () => {
    expect(await run(['trigger', 'customer.created'])).toContain('Trigger succeeded')
    expect(await ask(['events', 'list', '--limit', '1'])).toMatchObject({ data: [{ type: 'customer.created' }] })
  })

  test('and hears what the emulator does not do, and which key or permission is wrong', async () => {
    const refund = await ask(['refunds', 'create', '--charge', 'ch_1'])
    expect(refund).toMatchObject({ error: { code: 'emulator_unsupported' } })
    await expect(run(['customers', 'list'], 'sk_test_wrongwrongwrong')).rejects.toThrow('status=401')
    const { body } = await emulated.control('keys', { permissions: { customer: 'read' } })
    const { key } = body as { key: string }
    expect(await ask(['customers', 'list'], key)).toMatchObject({ object: 'list' })
    expect(await run(['customers', 'create'], key)).toContain('rak_customer_write')
  })
})

/**
 * The CLI's binary. It comes from its platform packages, without the wrapper `@stripe/cli`, whose install script downloads
 * what it does not find.
 */
function findCli(): string | undefined {
  try {
    const found = createRequire(import.meta.url).resolve(`@stripe/cli-${platform}/package.json`)
    return join(dirname(found), 'bin', process.platform === 'win32' ? 'stripe.exe' : 'stripe')
  } catch {
    return undefined
  }
}
