import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Remit, Workplace } from '../../orchestrator/cli/remit.ts'
import { readConfig } from '../../orchestrator/config.ts'
import { openHome } from '../../orchestrator/home/home.ts'
import { joinHome } from '../../orchestrator/home/shared-process.ts'
import { catalogueOf } from '../../orchestrator/model/catalogue.ts'
import type { Situation } from '../../orchestrator/model/situation.ts'
import { openWorkplace } from '../../orchestrator/open-workplace.ts'
import { ensurePostgres } from '../../orchestrator/record/embedded-postgres.ts'
import { manifestSchema } from '../../shared/manifest.ts'
import { removePlacedData } from '../support/placed-data.ts'
import { root } from '../support/remit-command.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

// One home, whose servers stay up while one fault after another is rehearsed on the emulators.

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let home: string
let workplace: Workplace
let remit: Remit
let sql: postgres.Sql
let membership: Awaited<ReturnType<typeof joinHome>>

beforeAll(async () => {
  folder = await temporaryFolder('remit-faults-')
  home = join(folder.path, 'home')
  const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(root, 'servers', 'manifest.json'), 'utf8')))
  // A lookup is conclusive only after the deadline of what it looks up: shorter deadlines make a shorter bad day.
  for (const { tools } of manifest.servers) for (const tool of tools) tool.timeout_ms = Math.min(tool.timeout_ms, 8_000)
  workplace = openWorkplace(readConfig({ REMIT_HOME: home }), catalogueOf(manifest))
  const opened = openHome(home)
  membership = await joinHome(opened)
  remit = await workplace.open({ servers: true })
  const { adminUrl } = await ensurePostgres(membership, opened)
  sql = postgres(adminUrl, { max: 1, onnotice: () => {} })
}, 120_000)

afterAll(async () => {
  await remit.close()
  await sql.end()
  await membership.leave()
  await removePlacedData(openHome(home))
  await folder.remove()
})

beforeEach(async () => {
  for (const server of ['billing', 'email', 'slack']) await setFault(server, null)
})

async function setFault(server: string, mode: string | null): Promise<void> {
  const { services } = await membership.status()
  const info = services.find(({ name }) => name === `emulator-${server}`)?.info as { control: string }
  const reply = await fetch(`${info.control.replace(/\/$/, '')}/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ mode }),
  })
  expect(reply.ok).toBe(true)
}

let customers = 0

/** Onboards a new customer and returns how the run came to rest. */
async function onboard(working = remit): Promise<Situation & { slug: string }> {
  const slug = `customer-${++customers}`
  const goal = workplace.goal('onboard')
  const acme = JSON.parse(readFileSync(join(root, 'examples', 'acme.json'), 'utf8'))
  acme.organization.slug = slug
  acme.admin.email = `ada@${slug}.example`
  const runId = await working.createRun(goal, workplace.checkInput(goal, acme))
  return { ...(await pursue(runId, working)), slug }
}

const pursue = (runId: string, working = remit) =>
  working.pursue(runId, { cancel: new AbortController().signal, signal: new AbortController().signal })

/** What stands in each system of one customer, asked of the systems themselves. */
async function systems(slug: string) {
  const stripe = JSON.parse(readFileSync(join(home, 'emulators', 'billing', 'stripe.json'), 'utf8'))
  const slack = JSON.parse(readFileSync(join(home, 'emulators', 'slack', 'workspace.json'), 'utf8'))
  const listed = (kind: string): Record<string, unknown>[] => Object.values(stripe.objects[kind] ?? {})
  const mine = listed('customers').filter(({ email, deleted }) => email === `ada@${slug}.example` && !deleted)
  const ids = mine.map(({ id }) => id)
  const workspace = `ws_${slug.replaceAll('-', '_')}`
  const [databases] = await sql`SELECT count(*)::int AS n FROM pg_database WHERE datname = ${workspace}`
  const [roles] = await sql`SELECT count(*)::int AS n FROM pg_roles WHERE rolname = ${workspace}`
  const channel = (id: string) =>
    slack.messages.filter(
      ({ channel, text }: { channel: string; text: string }) => channel === id && text.includes(slug),
    ).length
  return {
    customers: mine.length,
    subscriptions: listed('subscriptions').filter(
      ({ customer, status }) => ids.includes(customer) && status !== 'canceled',
    ).length,
    databases: databases?.n,
    roles: roles?.n,
    mails: readdirSync(join(home, 'emulators', 'email', 'mail')).filter((name) => name.includes(`@${slug}.`)).length,
    told: channel('C0CUSTOMERS'),
  }
}

const whole = { customers: 1, subscriptions: 1, databases: 1, roles: 1, mails: 1, told: 1 }
const clean = { customers: 0, subscriptions: 0, databases: 0, roles: 0, mails: 0, told: 0 }

const failuresOf = (situation: Situation) =>
  [...situation.calls.values()].flatMap(({ server, tool, outcome }) =>
    outcome && outcome.status !== 'succeeded' ? [`${server}.${tool} ${outcome.status} ${outcome.failure.kind}`] : [],
  )

describe('a bad day', { timeout: 150_000 }, () => {
  test.each([
    ['billing', 'flaky'],
    ['billing', 'limited'],
    ['billing', 'lost'],
    ['billing', 'busy'],
    ['billing', 'crash'],
    ['billing', 'stalled'],
    ['email', 'defer'],
    ['slack', 'limited'],
  ])('%s=%s passes: the run is whole, and nothing was done twice', async (server, mode) => {
    await setFault(server, mode)
    const run = await onboard()
    expect(failuresOf(run).length).toBeGreaterThan(0)
    expect(run.status).toBe('succeeded')
    expect(await systems(run.slug)).toEqual(whole)
  })

  test.each([
    ['billing', 'declined', 'billing.subscription', { ...whole, subscriptions: 0 }],
    ['email', 'bounce', 'email.onboarding', { ...whole, mails: 0 }],
    ['slack', 'revoked', 'slack.message', { ...whole, told: 0 }],
  ])('%s=%s tears down nothing that is good, and waits for a person', async (server, mode, fact, left) => {
    await setFault(server, mode)
    const run = await onboard()
    expect(run.status).toBe('waiting')
    const [wait] = run.waits.values()
    expect(wait?.facts).toEqual([fact])
    expect(await systems(run.slug)).toEqual(left)

    const notice = [...run.tasks.values()].find((task) => task.notice)
    expect(notice?.status).toBe(server === 'slack' ? 'failed' : 'succeeded')

    await setFault(server, null)
    await remit.answer(run.run_id, 'retry')
    expect(await pursue(run.run_id)).toMatchObject({ status: 'succeeded' })
    expect(await systems(run.slug)).toEqual(whole)
  })

  test('a person may go on without an outcome, or undo it all', async () => {
    await setFault('billing', 'declined')
    const [first, second] = [await onboard(), await onboard()]
    await remit.answer(first.run_id, 'accept')
    const accepted = await pursue(first.run_id)
    expect(accepted.finished?.outcomes.map(({ fact }) => fact)).not.toContain('billing.subscription')
    expect(accepted.status).toBe('succeeded')

    await remit.answer(second.run_id, 'undo', { why: 'wrong customer' })
    const undone = await pursue(second.run_id)
    expect(undone).toMatchObject({ status: 'failed', compensation: { status: 'partial' } })
    // A mail that was sent cannot be taken back, and the record says so.
    expect(undone.compensation?.remaining?.map(({ tool }) => tool)).toEqual(['email.send_onboarding_email'])
    expect(await systems(second.slug)).toEqual({ ...clean, mails: 1 })
  })

  test('refuses an answer that the run does not offer', async () => {
    await setFault('billing', 'declined')
    const run = await onboard()
    await expect(remit.answer(run.run_id, 'pray')).rejects.toThrow('does not offer "pray"')
  })

  test('billing=flaky, email=defer and slack=limited on one day pass, too', async () => {
    for (const [server, mode] of [
      ['billing', 'flaky'],
      ['email', 'defer'],
      ['slack', 'limited'],
    ] as const)
      await setFault(server, mode)
    const run = await onboard()
    expect(run.status).toBe('succeeded')
    expect(await systems(run.slug)).toEqual(whole)
  })

  test('billing=down, email=lost and slack=lost: what is good stays, nothing is sent twice, the run waits', async () => {
    for (const [server, mode] of [
      ['billing', 'down'],
      ['email', 'lost'],
      ['slack', 'lost'],
    ] as const)
      await setFault(server, mode)
    const run = await onboard()
    expect(run.status).toBe('waiting')
    const [wait] = run.waits.values()
    // Nobody can tell whether a mail arrived whose reply was lost; Slack's history tells of the message.
    expect(wait?.facts).toEqual(['billing.subscription', 'email.onboarding'])
    expect(run.tasks.get('post_message')?.status).toBe('succeeded')
    expect(await systems(run.slug)).toEqual({ ...whole, customers: 0, subscriptions: 0 })
    expect([...run.tasks.values()].find((task) => task.notice)?.status).toBe('succeeded')
  })

  test.each([
    ['partial', 'succeeded', whole],
    ['broken', 'failed', clean],
  ])('provisioning=%s: %s, and every system says so', async (mode, status, left) => {
    const faulty = await workplace.open({ servers: true, faults: { provisioning: mode } })
    try {
      const run = await onboard(faulty)
      expect(run.status).toBe(status)
      expect(failuresOf(run).some((failure) => failure.startsWith('provisioning.create_workspace'))).toBe(true)
      if (status === 'failed') expect(run.compensation?.status).toBe('complete')
      expect(await systems(run.slug)).toEqual(left)
    } finally {
      await faulty.close()
    }
  })
})

describe('a fault that a command asked for', { timeout: 60_000 }, () => {
  const inForce = async (server: string) => {
    const { services } = await membership.status()
    const info = services.find(({ name }) => name === `emulator-${server}`)?.info as { control: string }
    return ((await (await fetch(`${info.control.replace(/\/$/, '')}/faults`)).json()) as { mode: string | null }).mode
  }

  test('is in force until that command ends, though others go on using the emulator', async () => {
    const faulty = await workplace.open({ servers: true, faults: { billing: 'down' } })
    expect(await inForce('billing')).toBe('down')
    await faulty.close()
    expect(await inForce('billing')).toBeNull()
  })

  test('keeps another command from rehearsing something else there meanwhile, which then starts nothing', async () => {
    const faulty = await workplace.open({ servers: true, faults: { billing: 'down' } })
    const faults = { email: 'bounce', billing: 'lost' }
    await expect(workplace.open({ servers: true, faults })).rejects.toThrow(
      'another command on this REMIT_HOME rehearses down',
    )
    expect([await inForce('billing'), await inForce('email')]).toEqual(['down', null])
    await faulty.close()
  })

  test('is another’s where it was armed by hand: it stays when a command comes and goes', async () => {
    await setFault('slack', 'revoked')
    const other = await workplace.open({ servers: true })
    await other.close()
    expect(await inForce('slack')).toBe('revoked')
  })
})
