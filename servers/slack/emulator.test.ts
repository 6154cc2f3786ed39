import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type Logger, LogLevel, WebClient } from '@slack/web-api'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { emulatorReadySchema } from '../../shared/capability/call-meta.ts'
import type { RunningEmulator } from '../../shared/capability/emulator.ts'
import { startSlackEmulator } from './emulator/start.ts'
import { faults } from './faults.ts'

let folder: string
let emulator: RunningEmulator

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'remit-slack-'))
  emulator = await startSlackEmulator(folder)
})

afterEach(async () => {
  await emulator.close()
  await rm(folder, { recursive: true, force: true })
})

const silent = () => undefined
const logger: Logger = {
  debug: silent,
  info: silent,
  warn: silent,
  error: silent,
  setLevel: silent,
  getLevel: () => LogLevel.ERROR,
  setName: silent,
}

function client(token = emulator.credentials.SLACK_BOT_TOKEN) {
  return new WebClient(token, {
    slackApiUrl: String(emulator.endpoints.SLACK_API_URL),
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logger,
  })
}

function control(route: string, body: object) {
  return fetch(`${emulator.control}/${route}`, { method: 'POST', body: JSON.stringify(body) })
}

const arm = (mode: string | null) => control('faults', { mode })

const metadata = { event_type: 'test_event', event_payload: { number: 7 } }
const refusedWith = (error: string) => ({ data: { ok: false, error } })

describe('the Slack emulator, asked by the real client', () => {
  test('says who it is and which scopes the token has', async () => {
    const answer = await client().auth.test()
    expect(answer).toMatchObject({ ok: true, user: 'remit', url: 'https://emulated.slack.example/' })
    expect(answer.response_metadata?.scopes).toContain('chat:write')
  })

  test('refuses other tokens and none', async () => {
    await expect(client('xoxb-other').auth.test()).rejects.toMatchObject(refusedWith('invalid_auth'))
    const none = await fetch(`${emulator.endpoints.SLACK_API_URL}auth.test`, { method: 'POST' })
    expect(await none.json()).toEqual({ ok: false, error: 'not_authed' })
  })

  test('lists its channels page by page', async () => {
    const names: (string | undefined)[] = []
    for await (const page of client().paginate('conversations.list', { limit: 2 })) {
      const { channels } = page as { channels?: { name: string }[] }
      expect(channels?.length).toBeLessThanOrEqual(2)
      names.push(...(channels ?? []).map(({ name }) => name))
    }
    expect(names).toEqual(['customers', 'operations', 'general'])
  })

  test('posts by name or id, and gives no time stamp twice', async () => {
    const byName = await client().chat.postMessage({ channel: '#customers', text: 'one' })
    const byId = await client().chat.postMessage({ channel: 'C0CUSTOMERS', text: 'two' })
    expect(byName.channel).toBe('C0CUSTOMERS')
    expect(Number(byId.ts)).toBeGreaterThan(Number(byName.ts))
  })

  test('shows history newest first, by pages, with metadata only when asked', async () => {
    for (const text of ['one', 'two', 'three']) {
      await client().chat.postMessage({ channel: 'general', text, metadata })
    }
    const first = await client().conversations.history({ channel: 'C0GENERAL', limit: 2, include_all_metadata: true })
    expect(first.messages?.map(({ text }) => text)).toEqual(['three', 'two'])
    expect(first.messages?.[0]?.metadata).toEqual(metadata)
    const cursor = String(first.response_metadata?.next_cursor)
    const second = await client().conversations.history({ channel: 'C0GENERAL', limit: 2, cursor })
    expect(second.messages).toMatchObject([{ text: 'one' }])
    expect(second.messages?.[0]).not.toHaveProperty('metadata')
    expect(second.has_more).toBe(false)
  })

  test('links to a message, deletes it once and then knows it no more', async () => {
    const { channel, ts } = await client().chat.postMessage({ channel: 'general', text: 'one' })
    const at = { channel: String(channel), ts: String(ts) }
    const link = await client().chat.getPermalink({ channel: at.channel, message_ts: at.ts })
    expect(link.permalink).toBe(`https://emulated.slack.example/archives/C0GENERAL/p${at.ts.replace('.', '')}`)
    await client().chat.delete(at)
    await expect(client().chat.delete(at)).rejects.toMatchObject(refusedWith('message_not_found'))
  })

  test('takes JSON bodies as well as forms', async () => {
    const response = await fetch(`${emulator.endpoints.SLACK_API_URL}chat.postMessage`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json; charset=utf-8',
        Authorization: `Bearer ${emulator.credentials.SLACK_BOT_TOKEN}`,
      },
      body: JSON.stringify({ channel: 'general', text: 'as JSON', metadata }),
    })
    expect(await response.json()).toMatchObject({ ok: true, message: { text: 'as JSON', metadata } })
  })

  test.each([
    ['an unknown channel', { channel: 'nowhere', text: 'x' }, 'channel_not_found'],
    ['an empty text', { channel: 'general', text: '' }, 'no_text'],
    ['metadata that is not in form', { channel: 'general', text: 'x', metadata: 'x' }, 'invalid_metadata_format'],
  ])('refuses %s as Slack does', async (_what, args, error) => {
    await expect(client().apiCall('chat.postMessage', args)).rejects.toMatchObject(refusedWith(error))
  })

  test('says so when it lacks a method or an argument', async () => {
    await expect(client().apiCall('chat.update', {})).rejects.toMatchObject({
      data: { error: 'unknown_method', emulator_unsupported: expect.stringContaining('chat.update') },
    })
    const blocks = client().apiCall('chat.postMessage', { channel: 'general', text: 'x', blocks: [] })
    await expect(blocks).rejects.toMatchObject({
      data: { error: 'emulator_unsupported', emulator_unsupported: 'arguments blocks' },
    })
  })

  test('keeps messages and token over a restart, in a file that only its user can read', async () => {
    await client().chat.postMessage({ channel: 'general', text: 'still here' })
    const { credentials } = emulator
    await emulator.close()
    emulator = await startSlackEmulator(folder)
    expect(emulator.credentials).toEqual(credentials)
    const { messages } = await client().conversations.history({ channel: 'C0GENERAL' })
    expect(messages).toMatchObject([{ text: 'still here' }])
    expect((await stat(join(folder, 'workspace.json'))).mode & 0o777).toBe(0o600)
  })

  test('limits twice with Retry-After, and is revoked until cleared', async () => {
    await arm('limited')
    await expect(client().auth.test()).rejects.toMatchObject({ retryAfter: 1 })
    await expect(client().auth.test()).rejects.toMatchObject({ retryAfter: 1 })
    await client().auth.test()
    await arm('revoked')
    await expect(client().auth.test()).rejects.toMatchObject(refusedWith('invalid_auth'))
    await expect(client().auth.test()).rejects.toMatchObject(refusedWith('invalid_auth'))
    await arm(null)
    await client().auth.test()
  })

  test('lets a token with fewer scopes do no more than they allow', async () => {
    const made = await fetch(`${emulator.control}/tokens`, { method: 'POST', body: '{"scopes":["channels:read"]}' })
    const { token } = (await made.json()) as { token: string }
    const scopes = (await client(token).auth.test()).response_metadata?.scopes
    expect(scopes).toEqual(['channels:read'])
    await client(token).conversations.list()
    await expect(client(token).chat.postMessage({ channel: 'general', text: 'x' })).rejects.toMatchObject({
      data: { ok: false, error: 'missing_scope', needed: 'chat:write', provided: 'channels:read' },
    })
    const odd = await fetch(`${emulator.control}/tokens`, { method: 'POST', body: '{"scopes":["everything"]}' })
    expect(odd.status).toBe(400)
  })

  test('needs the scope of what is asked for: of private channels another than of public ones', async () => {
    const made = await control('tokens', { scopes: ['channels:read', 'channels:history'] })
    const limited = client(((await made.json()) as { token: string }).token)
    const { id: channel } = (await (await control('channels', { name: 'board', private: true })).json()) as {
      id: string
    }
    const lacks = (needed: string) => ({ data: { ok: false, error: 'missing_scope', needed } })
    await limited.conversations.list({ types: 'public_channel' })
    const both = limited.conversations.list({ types: 'public_channel,private_channel' })
    await expect(both).rejects.toMatchObject(lacks('groups:read'))
    await expect(limited.conversations.info({ channel })).rejects.toMatchObject(lacks('groups:read'))
    await expect(limited.conversations.history({ channel })).rejects.toMatchObject(lacks('groups:history'))
    const { channels } = await client().conversations.list({ types: 'private_channel' })
    expect(channels).toMatchObject([{ id: channel, name: 'board', is_private: true, is_member: true }])
  })

  test('keeps the app out of channels that it has not joined, and everybody from posting to archived ones', async () => {
    const make = async (channel: object) => (await (await control('channels', channel)).json()) as { id: string }
    const foreign = await make({ name: 'sales', foreign: true })
    const hidden = await make({ name: 'secret', private: true, foreign: true })
    const archived = await make({ name: 'old', archived: true })
    const post = (channel: string) => client().chat.postMessage({ channel, text: 'x' })
    await expect(post('#sales')).rejects.toMatchObject(refusedWith('not_in_channel'))
    await expect(post('#secret')).rejects.toMatchObject(refusedWith('channel_not_found'))
    await expect(post('#old')).rejects.toMatchObject(refusedWith('is_archived'))
    const history = (channel: string) => client().conversations.history({ channel })
    await expect(history(foreign.id)).rejects.toMatchObject(refusedWith('not_in_channel'))
    await expect(history(hidden.id)).rejects.toMatchObject(refusedWith('channel_not_found'))
    expect((await history(archived.id)).messages).toEqual([])
    const types = 'public_channel,private_channel'
    const listed = async (exclude_archived: boolean) =>
      (await client().conversations.list({ types, exclude_archived })).channels?.map(({ name }) => name)
    expect(await listed(true)).toEqual(['customers', 'operations', 'general', 'sales'])
    expect(await listed(false)).toContain('old')
    expect((await control('channels', { name: 'No Name' })).status).toBe(400)
  })

  test('can be given every fault that the manifest names', async () => {
    for (const mode of Object.keys(faults)) expect(await (await arm(mode)).json()).toEqual({ mode })
  })

  test('loses one reply but keeps the message, and its state does not show the token', async () => {
    await arm('lost')
    await expect(client().chat.postMessage({ channel: 'general', text: 'lost' })).rejects.toThrow()
    const state = await (await fetch(`${emulator.control}/state`)).text()
    expect(JSON.parse(state)).toMatchObject({ messages: [{ text: 'lost' }], channels: [{ name: 'customers' }, {}, {}] })
    expect(state).not.toContain('xoxb-')
    expect(await (await fetch(`${emulator.control}/faults`)).json()).toEqual({ mode: null })
  })

  test('runs as a process that says where it listens and ends on SIGTERM', async () => {
    await mkdir(join(folder, 'own'))
    const child = spawn(process.execPath, [fileURLToPath(new URL('./emulator.ts', import.meta.url))], {
      env: { PATH: process.env.PATH, REMIT_EMULATOR_DATA: join(folder, 'own') },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = await once(createInterface(child.stdout), 'line')
    const ready = emulatorReadySchema.parse(JSON.parse(line))
    expect(Object.keys(ready.credentials)).toEqual(['SLACK_BOT_TOKEN'])
    child.kill('SIGTERM')
    expect((await once(child, 'exit'))[0]).toBe(0)
  })
})
