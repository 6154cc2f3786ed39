import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { RunningEmulator } from '../../shared/capability/emulator.ts'
import { startServerForTest, type TestServer, type ToolOutcome } from '../../shared/capability/testing.ts'
import { startSlackEmulator } from './emulator/start.ts'
import type { EmulatedMessage } from './emulator/workspace.ts'
import { server } from './server.ts'

let folder: string
let emulator: RunningEmulator
let slack: TestServer
const vendors: Server[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'remit-slack-'))
  emulator = await startSlackEmulator(folder)
  slack = await start()
})

afterEach(async () => {
  await slack.close()
  for (const vendor of vendors.splice(0)) {
    vendor.closeAllConnections()
    vendor.close()
  }
  await emulator.close()
  await rm(folder, { recursive: true, force: true })
})

function start(environment: Record<string, string> = {}): Promise<TestServer> {
  return startServerForTest(server, {
    environment: { ...emulator.endpoints, ...emulator.credentials, ...environment },
  })
}

async function restart(environment: Record<string, string>) {
  await slack.close()
  slack = await start(environment)
}

/** Puts a vendor that answers as the test says in the emulator's place. */
async function vendorThat(answers: RequestListener) {
  const vendor = createServer(answers)
  vendors.push(vendor)
  await new Promise<void>((resolve) => vendor.listen(0, '127.0.0.1', resolve))
  const address = vendor.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  await restart({ SLACK_API_URL: `http://127.0.0.1:${address.port}/api/` })
  return vendor
}

function vendorThatSays(body: unknown, status = 200) {
  return vendorThat((_request, response) => {
    response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body))
  })
}

function arm(mode: string | null) {
  return fetch(`${emulator.control}/faults`, { method: 'POST', body: JSON.stringify({ mode }) })
}

async function messages() {
  const state = await (await fetch(`${emulator.control}/state`)).json()
  return (state as { messages: EmulatedMessage[] }).messages
}

function outputOf(outcome: ToolOutcome) {
  if (outcome.status !== 'succeeded') throw new Error(JSON.stringify(outcome))
  return outcome.output
}

const welcome = { channel: '#customers', text: 'Acme is on board.' }
const lookup = { ...welcome, this_run: true }

describe('posting', () => {
  test('posts to a channel by name, and tells where the message stands', async () => {
    const output = outputOf(await slack.call('post_message', welcome))
    const [posted] = await messages()
    expect(output).toEqual({
      channel_id: 'C0CUSTOMERS',
      ts: posted?.ts,
      permalink: `https://emulated.slack.example/archives/C0CUSTOMERS/p${posted?.ts.replace('.', '')}`,
    })
  })

  test('lets no text mention a channel or forge a link', async () => {
    const text = '<!channel> Acme & Co <https://evil.example|acme.example>'
    await slack.call('post_message', { ...welcome, text })
    expect(await messages()).toMatchObject([
      { text: '&lt;!channel&gt; Acme &amp; Co &lt;https://evil.example|acme.example&gt;' },
    ])
  })

  test('leaves the key, the run and a digest of the text with the message, and not the text', async () => {
    await slack.call('post_message', welcome, { idempotencyKey: 'k1' })
    const [posted] = await messages()
    expect(posted?.metadata).toEqual({
      event_type: 'remit_message',
      event_payload: { key: 'k1', run_id: 'test-run', text_digest: expect.stringMatching(/^[0-9a-f]{64}$/) },
    })
  })

  test.each(['@ada', '#two words', '<!channel>', ''])('refuses %j as a channel', async (channel) => {
    const outcome = await slack.call('post_message', { ...welcome, channel })
    expect(outcome).toMatchObject({ failure: { kind: 'invalid_input', issues: [{ path: '/channel' }] } })
  })

  test('succeeds although the permalink cannot be had', async () => {
    await vendorThat((request, response) => {
      const posting = request.url?.endsWith('/chat.postMessage')
      response.end(JSON.stringify(posting ? { ok: true, channel: 'C1', ts: '1.000001' } : { ok: false, error: 'x' }))
    })
    expect(outputOf(await slack.call('post_message', welcome))).toEqual({ channel_id: 'C1', ts: '1.000001' })
  })
})

describe('finding', () => {
  test('finds a channel by name and by id', async () => {
    const expected = { channel_id: 'C0OPERATIONS', name: 'operations' }
    for (const channel of ['#operations', 'operations', 'C0OPERATIONS']) {
      expect(outputOf(await slack.call('find_channel', { channel }))).toEqual(expected)
    }
    for (const channel of ['#nowhere', 'C0NOWHERE00']) {
      expect(await slack.call('find_channel', { channel })).toMatchObject({ failure: { kind: 'not_found' } })
    }
  })

  test('finds what a call posted, with the same answer that the call gave', async () => {
    const posted = outputOf(await slack.call('post_message', welcome, { idempotencyKey: 'k1' }))
    expect(outputOf(await slack.call('find_message', lookup, { idempotencyKey: 'k2' }))).toEqual(posted)
    expect(outputOf(await slack.call('find_message', { channel: 'customers', key: 'k1' }))).toEqual(posted)
  })

  test('is not misled by other texts, other keys, other runs or other channels', async () => {
    await slack.call('post_message', welcome)
    const absent = { status: 'failed', failure: { kind: 'not_found' } }
    // The first message came from no run: the same text in this run was not posted yet.
    expect(await slack.call('find_message', lookup, { idempotencyKey: 'k2' })).toMatchObject(absent)
    expect(await slack.call('find_message', { ...welcome, text: 'Other' })).toMatchObject(absent)
    expect(await slack.call('find_message', { ...welcome, key: 'k9' })).toMatchObject(absent)
    expect(await slack.call('find_message', { ...welcome, channel: '#general' })).toMatchObject(absent)
    expect(await slack.call('find_message', welcome)).toMatchObject({ status: 'succeeded' })
  })

  test('does not call a message absent when the channel is longer than what was read', async () => {
    await vendorThatSays({ ok: true, messages: [], has_more: true, response_metadata: { next_cursor: 'more' } })
    const outcome = await slack.call('find_message', { channel: 'C0CUSTOMERS', text: 'x' })
    expect(outcome).toMatchObject({ status: 'uncertain' })
  })
})

describe('deleting', () => {
  test('undoes a post, and succeeds again when the message is gone', async () => {
    const { channel_id, ts } = outputOf(await slack.call('post_message', welcome))
    const undo = { channel_id: String(channel_id), ts: String(ts) }
    expect(outputOf(await slack.call('delete_message', undo))).toEqual({ deleted: true })
    expect(await messages()).toEqual([])
    expect(outputOf(await slack.call('delete_message', undo))).toEqual({ deleted: false })
  })
})

describe('failures', () => {
  test('too many requests is rate limited, with the wait that Slack asked for', async () => {
    await arm('limited')
    const limited = { status: 'failed', failure: { kind: 'rate_limited', retry_after_ms: 1000 } }
    expect(await slack.call('post_message', welcome)).toMatchObject(limited)
    expect(await slack.call('post_message', welcome)).toMatchObject(limited)
    expect(await slack.call('post_message', welcome)).toMatchObject({ status: 'succeeded' })
    expect(await messages()).toHaveLength(1)
  })

  test('a lost reply is uncertain, and the lookup finds the message', async () => {
    await arm('lost')
    expect(await slack.call('post_message', welcome, { idempotencyKey: 'k1' })).toMatchObject({ status: 'uncertain' })
    const [posted] = await messages()
    const found = outputOf(await slack.call('find_message', lookup, { idempotencyKey: 'k2' }))
    expect(found).toMatchObject({ channel_id: 'C0CUSTOMERS', ts: posted?.ts })
  })

  test.each([
    ['invalid_auth', 'unauthorized'],
    ['token_revoked', 'unauthorized'],
    ['account_inactive', 'unauthorized'],
    ['missing_scope', 'unauthorized'],
    ['channel_not_found', 'not_found'],
    ['not_in_channel', 'not_found'],
    ['msg_too_long', 'invalid_input'],
    ['ratelimited', 'rate_limited'],
    ['service_unavailable', 'unavailable'],
    ['is_archived', 'declined'],
    ['some_new_code', 'declined'],
  ])('%s is %s, with the code as vendor code', async (code, kind) => {
    await vendorThatSays({ ok: false, error: code })
    const outcome = await slack.call('post_message', welcome)
    expect(outcome).toMatchObject({ status: 'failed', failure: { kind, vendor_code: code } })
  })

  test.each([
    ['a 500', 'oops', 500],
    ['an error after which something may have happened', { ok: false, error: 'internal_error' }, 200],
    ['an answer that is not JSON', '<html>Bad gateway, token xoxb-1</html>', 200],
  ])(
    '%s is uncertain for a change, unavailable for a read, and its text stays outside',
    async (_what, body, status) => {
      await vendorThatSays(body, status)
      const change = await slack.call('post_message', welcome)
      const read = await slack.call('find_channel', { channel: '#customers' })
      expect(change).toMatchObject({ status: 'uncertain' })
      expect(read).toMatchObject({ status: 'failed', failure: { kind: 'unavailable' } })
      expect(JSON.stringify([change, read])).not.toMatch(/html|oops|xoxb/)
    },
  )

  test.each([429, 500, 503])('asks once, though Slack’s client would repeat a %i by itself', async (status) => {
    let asked = 0
    await vendorThat((_request, response) => {
      asked += 1
      response.writeHead(status, { 'Retry-After': '0' }).end('{"ok":false,"error":"ratelimited"}')
    })
    expect(await slack.call('post_message', welcome)).not.toMatchObject({ status: 'succeeded' })
    expect(asked).toBe(1)
  })

  test('a port that nobody listens at is unavailable', async () => {
    const vendor = await vendorThatSays({})
    await new Promise((resolve) => vendor.close(resolve))
    const outcome = await slack.call('post_message', welcome)
    expect(outcome).toMatchObject({ status: 'failed', failure: { kind: 'unavailable' } })
  })

  test('the deadline ends a request that hangs', async () => {
    const ended = Promise.withResolvers<void>()
    await vendorThat((request) => void request.socket.once('close', () => ended.resolve()))
    const outcome = await slack.call('post_message', welcome, { deadline: new Date(Date.now() + 300) })
    expect(outcome).toMatchObject({ status: 'uncertain' })
    await ended.promise
  })

  test('the token is in no failure', async () => {
    const token = String(emulator.credentials.SLACK_BOT_TOKEN)
    await arm('revoked')
    const outcomes = [await slack.call('post_message', welcome), await slack.call('find_channel', { channel: 'x' })]
    expect(outcomes).toMatchObject([{ failure: { kind: 'unauthorized' } }, { failure: { kind: 'unauthorized' } }])
    expect(JSON.stringify(outcomes)).not.toContain(token)
  })
})
