import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openHome } from '../../orchestrator/home/home.ts'
import type { RunDocument } from '../../orchestrator/run/document.ts'
import { askPostgres as askHome } from '../support/ask-postgres.ts'
import { removePlacedData } from '../support/placed-data.ts'
import { processesOf, remit } from '../support/remit-command.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

let home: string
let folder: Awaited<ReturnType<typeof temporaryFolder>>

beforeAll(async () => {
  folder = await temporaryFolder('remit-onboard-')
  home = join(folder.path, 'home')
})

afterAll(async () => {
  await remit(home, ['stop']).ended
  await removePlacedData(openHome(home))
  await folder.remove()
})

const onboard = (...more: string[]) => remit(home, ['run', 'onboard', '--input', 'examples/acme.json', ...more])

const askPostgres = <Row>(statement: string, database?: string) => askHome<Row>(home, statement, database)

interface Stripe {
  objects: Record<string, { id: string; status?: string; deleted?: boolean }[] | Record<string, { status?: string }>>
}

const readJson = <Shape>(...path: string[]): Shape => JSON.parse(readFileSync(join(home, ...path), 'utf8'))
const subscriptions = () => {
  const { objects } = readJson<Stripe>('emulators', 'billing', 'stripe.json')
  return Object.values(objects.subscriptions ?? {}).map(({ status }) => status)
}
const messages = () => readJson<{ messages: { text: string }[] }>('emulators', 'slack', 'workspace.json').messages
const mails = () => readdirSync(join(home, 'emulators', 'email', 'mail')).filter((name) => name.endsWith('.eml'))
const workspaces = async () => {
  const rows = await askPostgres<{ datname: string }>(
    `SELECT datname FROM pg_database WHERE datname LIKE 'ws\\_%' ORDER BY 1`,
  )
  return rows.map(({ datname }) => datname)
}

describe('remit run onboard', { timeout: 120_000 }, () => {
  test('refuses an invalid customer with every fault by its path, and touches nothing', async () => {
    const { code, stderr, stdout } = await remit(home, ['run', 'onboard', '--input', 'examples/invalid-missing.json'])
      .ended
    expect(code).toBe(2)
    expect(stderr).toMatch(/\/[a-z_/]+ +is required/)
    expect(stdout).toBe('')
    expect(existsSync(join(home, 'processes', 'home.db'))).toBe(false)
  })

  test('does real work in five systems, says so in one document, and leaves no process', async () => {
    const { code, stdout, stderr } = await onboard('--json').ended
    expect(stderr).not.toContain('Error')
    expect(code).toBe(0)
    const document = JSON.parse(stdout) as RunDocument
    expect(document.status).toBe('succeeded')
    expect(document.outcomes.map(({ fact }) => fact)).toEqual([
      'organizations.organization',
      'provisioning.workspace',
      'billing.subscription',
      'email.onboarding',
      'slack.message',
    ])
    expect(document.calls.every(({ status }) => status === 'succeeded')).toBe(true)
    expect(processesOf(home)).toEqual([])

    expect(await workspaces()).toEqual(['ws_acme'])
    const [owner] = await askPostgres<{ owner: string }>(
      `SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = 'ws_acme'`,
    )
    expect(owner).toEqual({ owner: 'ws_acme' })
    expect(await askPostgres<{ email: string }>('SELECT email FROM members', 'ws_acme')).toEqual([
      { email: 'ada@acme.example' },
    ])
    expect(subscriptions()).toEqual(['active'])
    expect(mails()).toHaveLength(1)
    expect(messages()).toMatchObject([{ text: expect.stringContaining('Acme GmbH is on board') }])
  })

  test('keeps secrets out of everything that is stored or shown', async () => {
    const { tax_id } = JSON.parse(readFileSync('examples/acme.json', 'utf8')) as { tax_id: string }
    const { url } = readJson<{ url: string }>('servers', 'provisioning', 'secrets', 'acme')
    const { api_key } = readJson<{ api_key: string }>('emulators', 'billing', 'stripe.json')
    const { token } = readJson<{ token: string }>('emulators', 'slack', 'workspace.json')
    const secrets = [tax_id, new URL(url).password, api_key, token]
    const shown = await remit(home, ['events', 'last', '--json']).ended
    const stored = await askPostgres<{ text: string }>('SELECT data::text AS text FROM remit.events', 'remit')
    const logs = readdirSync(join(home, 'logs')).map((name) => readFileSync(join(home, 'logs', name), 'utf8'))
    const places = { shown: shown.stdout, stored: stored.map(({ text }) => text).join('\n'), logs: logs.join('\n') }
    const leaks = Object.entries(places).flatMap(([place, text]) =>
      secrets.flatMap((secret, index) => (text.includes(secret) ? [`secret ${index} in ${place}`] : [])),
    )
    expect(leaks).toEqual([])
    expect(shown.stdout.includes('"tax_id":"[sealed]"')).toBe(true)
  })

  test('two at once on one home both succeed, and what they share is gone afterwards', async () => {
    const both = await Promise.all([onboard().ended, onboard().ended])
    expect(both.map(({ code }) => code)).toEqual([0, 0])
    expect(await workspaces()).toEqual(['ws_acme', 'ws_acme_2', 'ws_acme_3'])
    expect(processesOf(home)).toEqual([])
  })

  test('prints every call by SQL, and its story', async () => {
    const sql = await remit(home, ['sql', 'select server, tool, status from calls order by started_at']).ended
    expect(sql.code).toBe(0)
    expect(sql.stdout.match(/succeeded/g)).toHaveLength(21)
    const show = await remit(home, ['show', 'last']).ended
    expect(show.stdout).toContain('Succeeded')
    const opened = await remit(home, ['psql', 'acme'], { PATH: '' }).ended
    expect(opened.code).toBe(0)
  })

  test('a task that cannot succeed undoes the run in every system', async () => {
    const before = { databases: await workspaces(), mails: mails().length, messages: messages().length }
    const { code, stdout } = await onboard('--fault', 'provisioning=broken', '--json').ended
    expect(code).toBe(1)
    const document = JSON.parse(stdout) as RunDocument
    expect(document).toMatchObject({ status: 'failed', compensation: 'complete' })
    const undone = document.calls.filter(({ compensates }) => compensates).map(({ tool }) => tool)
    expect(undone.sort()).toEqual(['cancel_subscription', 'delete_customer', 'delete_organization', 'delete_workspace'])
    expect({ databases: await workspaces(), mails: mails().length, messages: messages().length }).toEqual(before)
    expect(subscriptions().filter((status) => status === 'active')).toHaveLength(3)
    const organizations = await askPostgres(
      'SELECT FROM organizations.organizations WHERE status = $$active$$',
      'remit',
    )
    expect(organizations).toHaveLength(3)
  })

  test('a killed run blocks nobody: one more command, and nothing is left', async () => {
    const killed = onboard()
    await killed.says('✓ organizations.validate_signup')
    killed.kill('SIGKILL')
    await killed.ended
    const { code, stdout } = await remit(home, ['runs']).ended
    expect(code).toBe(0)
    expect(stdout).toContain('running')
    expect(processesOf(home)).toEqual([])
  })

  test('an interrupted run is cancelled and undone', async () => {
    const interrupted = onboard('--json')
    await interrupted.says('✓ organizations.create_organization')
    interrupted.kill('SIGINT')
    const { code, stdout } = await interrupted.ended
    expect(code).toBe(4)
    expect(JSON.parse(stdout)).toMatchObject({ status: 'cancelled', compensation: 'complete' })
    expect(processesOf(home)).toEqual([])
  })

  test('every server ran in a jail that had proved itself, and the record says by what', async () => {
    const proofs = await askPostgres<{ server: string; driver: string; beaten: string }>(
      `SELECT DISTINCT data #>> '{details,server}' server, data #>> '{details,driver}' driver, data #>> '{details,beaten}' beaten
       FROM remit.events WHERE data ->> 'what' = 'jail_proved' ORDER BY 1`,
      'remit',
    )
    expect(proofs.map(({ server }) => server)).toEqual(['billing', 'email', 'organizations', 'provisioning', 'slack'])
    expect(new Set(proofs.map(({ beaten }) => beaten))).toEqual(new Set(['[]']))
    expect(proofs.map(({ driver }) => driver)).not.toContain('none')
  })

  test('verify passes, and fails after one byte of one event was altered by the owner', async () => {
    expect((await remit(home, ['verify']).ended).code).toBe(0)
    await askPostgres(
      `UPDATE remit.events SET data = jsonb_set(data, '{verdict,reason}', '"forged"')
       WHERE type = 'call_intended' AND (run_id, seq) = (SELECT run_id, seq FROM remit.events WHERE type = 'call_intended' LIMIT 1)`,
      'remit',
    )
    const { code, stdout } = await remit(home, ['verify']).ended
    expect(code).toBe(1)
    expect(stdout).toContain('altered')
  })

  test('all of it lies under REMIT_HOME', async () => {
    expect((await readdir(home)).sort()).toEqual(
      expect.arrayContaining(['credentials', 'emulators', 'keys', 'logs', 'servers']),
    )
  })
})
