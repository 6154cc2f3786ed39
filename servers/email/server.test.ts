import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { simpleParser } from 'mailparser'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { RunningEmulator } from '../../shared/capability/emulator.ts'
import type { JsonObject } from '../../shared/capability/index.ts'
import { startServerForTest, type TestServer, type ToolOutcome } from '../../shared/capability/testing.ts'
import type { ReceivedMessage } from './emulator/mailbox.ts'
import { startMailEmulator } from './emulator/start.ts'
import { openOutbox } from './outbox.ts'
import { server } from './server.ts'

let folder: string
let emulator: RunningEmulator
let email: TestServer

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'remit-email-'))
  for (const name of ['emulator', 'server']) await mkdir(join(folder, name))
  emulator = await startMailEmulator(join(folder, 'emulator'))
  email = await start()
})

afterEach(async () => {
  await email.close()
  await emulator.close()
  await rm(folder, { recursive: true, force: true })
})

function start(environment: Record<string, string> = {}): Promise<TestServer> {
  return startServerForTest(server, {
    environment: { ...emulator.endpoints, ...emulator.credentials, ...environment },
    dataFolder: join(folder, 'server'),
  })
}

async function restart(environment: Record<string, string> = {}) {
  await email.close()
  email = await start(environment)
}

async function arm(mode: string | null) {
  await fetch(`${emulator.control}/faults`, { method: 'POST', body: JSON.stringify({ mode }) })
}

async function received() {
  const state = await (await fetch(`${emulator.control}/state`)).json()
  return (state as { messages: ReceivedMessage[] }).messages
}

const welcome = {
  to: 'ada@acme.example',
  admin_name: 'Ada Lovelace',
  organization_name: 'Acme',
  organization_id: 'org_1',
  plan: 'team',
  seats: 25,
  workspace_url: 'https://acme.workspaces.example/',
  workspace_id: 'ws_1',
}
const note = { to: 'ops@remit.example', subject: 'Trouble', text: 'Something needs you.' }
const lookup = { to: welcome.to, organization_id: welcome.organization_id, this_run: true }

/** The parsed message that the one call which sent it led to. */
async function sendAndParse(args: JsonObject = welcome) {
  const outcome = await email.call('send_onboarding_email', args)
  if (outcome.status !== 'succeeded') throw new Error(JSON.stringify(outcome))
  return { output: outcome.output, mail: await simpleParser(await readFile(String(outcome.output.file))) }
}

describe('sending', () => {
  test('the onboarding message arrives as text and HTML, with the Message-ID that was reported', async () => {
    const { output, mail } = await sendAndParse()
    expect(output).toMatchObject({ accepted: ['ada@acme.example'], response: expect.stringContaining('250') })
    expect(mail.messageId).toBe(output.message_id)
    expect(mail.from?.text).toBe('"Remit" <onboarding@remit.example>')
    expect(mail.subject).toBe('Your Acme workspace is ready')
    for (const body of [mail.text, mail.html]) {
      for (const part of ['Ada Lovelace', 'Team, 25 seats', 'https://acme.workspaces.example/', 'ws_1', 'org_1']) {
        expect(body).toContain(part)
      }
    }
  })

  test('shows markup in a value as text', async () => {
    const { mail } = await sendAndParse({ ...welcome, organization_name: '<img src=x onerror="alert(1)">&' })
    expect(mail.html).not.toContain('<img')
    expect(mail.html).toContain('&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;')
    expect(mail.text).toContain('<img src=x')
  })

  test('sends from the address that the operator chose', async () => {
    await restart({ EMAIL_FROM: 'Hello <hello@vendor.example>' })
    const { mail, output } = await sendAndParse()
    expect(mail.from?.text).toBe('"Hello" <hello@vendor.example>')
    expect(output.message_id).toMatch(/^<[0-9a-f]{32}@vendor\.example>$/)
  })

  test.each([
    ['admin_name', 'Ada\r\nBcc: eve@evil.example'],
    ['organization_name', 'Acme\nSubject: Free money'],
    ['to', 'ada@acme.example\r\nBcc: eve@evil.example'],
    ['workspace_url', 'javascript:alert(1)'],
  ])('refuses what would break out of its place: %s', async (field, value) => {
    const outcome = await email.call('send_onboarding_email', { ...welcome, [field]: value })
    expect(outcome).toMatchObject({ failure: { kind: 'invalid_input', issues: [{ path: `/${field}` }] } })
    expect(await received()).toEqual([])
  })

  test('refuses a subject with a line break', async () => {
    const outcome = await email.call('send_email', { ...note, subject: 'Hi\r\nBcc: eve@evil.example' })
    expect(outcome).toMatchObject({ failure: { kind: 'invalid_input', issues: [{ path: '/subject' }] } })
  })
})

describe('one key', () => {
  test('sends once and answers the same, over a restart too', async () => {
    const first = await email.call('send_onboarding_email', welcome, { idempotencyKey: 'k1' })
    await restart()
    const second = await email.call('send_onboarding_email', welcome, { idempotencyKey: 'k1' })
    expect(first.status).toBe('succeeded')
    expect(second).toEqual(first)
    expect(await received()).toHaveLength(1)
  })

  test('may not stand for two messages', async () => {
    await email.call('send_email', note, { idempotencyKey: 'k1' })
    const outcome = await email.call('send_email', { ...note, text: 'Other' }, { idempotencyKey: 'k1' })
    expect(outcome).toMatchObject({ failure: { kind: 'conflict' } })
    expect(await received()).toHaveLength(1)
  })

  test('of two calls at once, only one sends', async () => {
    const options = { idempotencyKey: 'k1' }
    await Promise.all([email.call('send_email', note, options), email.call('send_email', note, options)])
    expect(await received()).toHaveLength(1)
  })
})

describe('failures', () => {
  test('a bounce is declined, with the reply as vendor code, and a later send under the key is possible', async () => {
    await arm('bounce')
    const outcome = await email.call('send_email', note, { idempotencyKey: 'k1' })
    expect(outcome).toMatchObject({ status: 'failed', failure: { kind: 'declined', vendor_code: '550' } })
    await arm(null)
    expect(await email.call('send_email', note, { idempotencyKey: 'k1' })).toMatchObject({ status: 'succeeded' })
  })

  test('a deferral is unavailable twice, then the same key goes through', async () => {
    await arm('defer')
    const send = () => email.call('send_email', note, { idempotencyKey: 'k1' })
    expect(await send()).toMatchObject({ failure: { kind: 'unavailable', vendor_code: '451' } })
    expect(await send()).toMatchObject({ failure: { kind: 'unavailable', vendor_code: '451' } })
    expect(await send()).toMatchObject({ status: 'succeeded' })
    expect(await received()).toHaveLength(1)
  })

  test('a lost reply is uncertain, a repeat sends nothing, and the lookup does not pretend to know', async () => {
    await arm('lost')
    const send = () => email.call('send_onboarding_email', welcome, { idempotencyKey: 'k1' })
    expect(await send()).toMatchObject({ status: 'uncertain' })
    expect(await send()).toMatchObject({ status: 'uncertain' })
    expect(await email.call('find_delivery', lookup, { idempotencyKey: 'k2' })).toMatchObject({ status: 'uncertain' })
    expect(await received()).toHaveLength(1)
  })

  test('wrong credentials are unauthorized, and the message names neither them nor what the server said', async () => {
    await restart({ SMTP_PASSWORD: 'hunter2hunter2' })
    const outcome = await email.call('send_email', note)
    expect(outcome).toMatchObject({ failure: { kind: 'unauthorized', vendor_code: '535' } })
    expect(JSON.stringify(outcome)).not.toContain('hunter2')
  })

  test('a server that nobody listens at is unavailable', async () => {
    const gone = await silentServer(() => undefined)
    gone.server.close()
    await restart({ SMTP_URL: gone.url })
    expect(await email.call('send_email', note)).toMatchObject({ status: 'failed', failure: { kind: 'unavailable' } })
  })

  test('a connection lost before the message travels is unavailable, not uncertain', async () => {
    const rude = await silentServer((socket) => socket.once('data', () => socket.destroy()).write('220 hello\r\n'))
    await restart({ SMTP_URL: rude.url })
    expect(await email.call('send_email', note)).toMatchObject({ status: 'failed', failure: { kind: 'unavailable' } })
    rude.server.close()
  })

  test('throttling by policy is rate limited', async () => {
    const busy = await silentServer((socket) => socket.end('421 4.7.0 too many connections\r\n'))
    await restart({ SMTP_URL: busy.url })
    expect(await email.call('send_email', note)).toMatchObject({
      failure: { kind: 'rate_limited', vendor_code: '421' },
    })
    busy.server.close()
  })

  test('cancelling ends the session with a server that hangs', async () => {
    const closed = Promise.withResolvers<void>()
    const hanging = await silentServer((socket) => socket.once('close', () => closed.resolve()).resume())
    await restart({ SMTP_URL: hanging.url })
    const outcome = await email.call('send_email', note, { deadline: new Date(Date.now() + 300) })
    expect(outcome).toMatchObject({ failure: { kind: 'unavailable' } })
    await closed.promise
    hanging.server.close()
  })
})

describe('find_delivery', () => {
  test('answers what the sending call answered', async () => {
    const sent = await email.call('send_onboarding_email', welcome, { idempotencyKey: 'k1' })
    const found = await email.call('find_delivery', lookup, { idempotencyKey: 'k2' })
    expect(found).toMatchObject({ ...sent, output: sent.status === 'succeeded' ? sent.output : {} })
  })

  test('tells apart organizations, runs and subjects', async () => {
    await email.call('send_onboarding_email', welcome)
    const absent = { failure: { kind: 'not_found' } }
    expect(await email.call('find_delivery', { ...lookup, organization_id: 'org_2' })).toMatchObject(absent)
    expect(await email.call('find_delivery', lookup, { idempotencyKey: 'k2' })).toMatchObject(absent)
    expect(await email.call('find_delivery', { to: welcome.to, subject: 'Other' })).toMatchObject(absent)
    expect(await email.call('find_delivery', { to: welcome.to })).toMatchObject({ status: 'succeeded' })
  })

  test('finds the message of one call among others that look the same', async () => {
    const sent = [
      await email.call('send_email', note, { idempotencyKey: 'k1' }),
      await email.call('send_email', note, { idempotencyKey: 'k2' }),
    ]
    for (const [index, key] of ['k1', 'k2'].entries()) {
      const { message_id } = outputOf(sent[index])
      expect(await email.call('find_delivery', { to: note.to, key })).toMatchObject({ output: { message_id } })
      const byId = { to: note.to, message_id: String(message_id) }
      expect(await email.call('find_delivery', byId)).toMatchObject({ output: { state: 'sent', message_id } })
    }
  })

  test.each([
    ['bounce', 'bounced', '550'],
    ['defer', 'deferred', '451'],
  ])('says of a message that met %s that it was not sent, and why', async (mode, state, vendor_code) => {
    await arm(mode)
    await email.call('send_email', note, { idempotencyKey: 'k1' })
    expect(await email.call('find_delivery', { to: note.to })).toMatchObject({
      status: 'failed',
      failure: { kind: 'not_found', vendor_code, done: { state, message_id: expect.stringContaining('@') } },
    })
    await arm(null)
    await email.call('send_email', note, { idempotencyKey: 'k1' })
    expect(await email.call('find_delivery', { to: note.to })).toMatchObject({ output: { state: 'sent' } })
  })

  test('says of a message for which the mail server could not be reached that it was not sent', async () => {
    await restart({ SMTP_PASSWORD: 'wrong' })
    await email.call('send_email', note)
    expect(await email.call('find_delivery', { to: note.to })).toMatchObject({ failure: { done: { state: 'unsent' } } })
  })

  test('does not know of a message whose process died while it sent', async () => {
    await email.close()
    const outbox = openOutbox(join(folder, 'server'))
    const entry = { key: 'k1', digest: 'd', runId: 'r', messageId: '<m@remit.example>', recipient: note.to }
    outbox.begin({ ...entry, subject: note.subject })
    outbox.close()
    email = await start()
    expect(await email.call('find_delivery', { to: note.to })).toMatchObject({
      status: 'uncertain',
      failure: { done: { state: 'unknown', message_id: entry.messageId } },
    })
    expect(await email.call('send_email', note, { idempotencyKey: 'k1' })).toMatchObject({
      failure: { kind: 'conflict' },
    })
    expect(await received()).toEqual([])
  })

  test('opens an outbox of an earlier version, which does not say why a message was refused', async () => {
    await email.close()
    await rm(join(folder, 'server'), { recursive: true })
    await mkdir(join(folder, 'server'))
    const database = new DatabaseSync(join(folder, 'server', 'outbox.sqlite'))
    database.exec(`CREATE TABLE deliveries (key TEXT PRIMARY KEY, digest TEXT NOT NULL, run_id TEXT NOT NULL,
      message_id TEXT NOT NULL, recipient TEXT NOT NULL, subject TEXT NOT NULL, organization_id TEXT,
      status TEXT NOT NULL, acceptance TEXT, recorded_at TEXT NOT NULL) STRICT;
      INSERT INTO deliveries VALUES ('k0', 'd', 'r', '<m>', '${note.to}', 's', NULL, 'refused', NULL, '2026-01-01')`)
    database.close()
    email = await start()
    expect(await email.call('find_delivery', { to: note.to })).toMatchObject({ failure: { done: { state: 'unsent' } } })
    expect(await email.call('send_email', note)).toMatchObject({ status: 'succeeded' })
  })
})

function outputOf(outcome: ToolOutcome | undefined): JsonObject {
  if (outcome?.status !== 'succeeded') throw new Error(JSON.stringify(outcome))
  return outcome.output
}

/** A TCP server that greets as the test says. */
async function silentServer(onConnection: (socket: Socket) => void): Promise<{ url: string; server: Server }> {
  const tcp = createServer((socket) => {
    socket.on('error', () => undefined)
    onConnection(socket)
  })
  await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve))
  const address = tcp.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { url: `smtp://127.0.0.1:${address.port}`, server: tcp }
}
