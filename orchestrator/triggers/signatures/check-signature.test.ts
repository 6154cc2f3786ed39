import { createHmac } from 'node:crypto'
import { Webhook as StandardWebhook } from 'standardwebhooks'
import Stripe from 'stripe'
import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../../shared/json.ts'
import type { Webhook } from '../trigger.ts'
import { checkSignature } from './check-signature.ts'

const now = new Date('2026-05-01T12:00:00Z')
const seconds = String(now.getTime() / 1000)
const secret = `whsec_${Buffer.from('a secret of 24 characters').toString('base64')}`
const payload: JsonObject = {
  id: 'evt_1',
  event_id: 'Ev1',
  type: 'signup',
  customer: { email: 'ada@acme.test', name: 'Ünï' },
}
const body = JSON.stringify(payload)
const hmac = (text: string, encoding: 'hex' | 'base64' = 'hex', key = secret) =>
  createHmac('sha256', key).update(text).digest(encoding)

interface Signed {
  webhook: Webhook
  headers: Record<string, string>
  id: string
  isTimed: boolean
}

const secrets = [{ env: 'SECRET' }]
const timed = { secrets, tolerance_s: 300 }
const generic = {
  source: 'hmac',
  algorithm: 'sha256',
  encoding: 'base64',
  header: 'X-Signature',
  prefix: 'v1:',
  ...timed,
} as const

/** Each as its sender makes it, by the sender's own library where there is one. */
const sources: Record<string, Signed> = {
  stripe: {
    webhook: { source: 'stripe', ...timed },
    headers: {
      'stripe-signature': new Stripe('sk_test_x').webhooks.generateTestHeaderString({
        payload: body,
        secret,
        timestamp: Number(seconds),
      }),
    },
    id: 'evt_1',
    isTimed: true,
  },
  github: {
    webhook: { source: 'github', secrets },
    headers: { 'x-hub-signature-256': `sha256=${hmac(body)}`, 'x-github-delivery': 'anybody can change this' },
    id: `sha256:`,
    isTimed: false,
  },
  slack: {
    webhook: { source: 'slack', ...timed },
    headers: { 'x-slack-signature': `v0=${hmac(`v0:${seconds}:${body}`)}`, 'x-slack-request-timestamp': seconds },
    id: 'Ev1',
    isTimed: true,
  },
  standard_webhooks: {
    webhook: { source: 'standard_webhooks', ...timed },
    headers: {
      'webhook-id': 'msg_1',
      'webhook-timestamp': seconds,
      'webhook-signature': `v1,AAAA ${new StandardWebhook(secret).sign('msg_1', now, body)}`,
    },
    id: 'msg_1',
    isTimed: true,
  },
  'hmac over the body': {
    webhook: { ...generic, signs: '{body}' },
    headers: { 'x-signature': `v1:${hmac(body, 'base64')}` },
    id: `sha256:`,
    isTimed: false,
  },
  'hmac over id, timestamp and body': {
    webhook: { ...generic, signs: '{id}|{timestamp}|{body}', id_header: 'X-Id', timestamp_header: 'X-Time' },
    headers: { 'x-signature': `v1:${hmac(`d1|${seconds}|${body}`, 'base64')}`, 'x-id': 'd1', 'x-time': seconds },
    id: 'd1',
    isTimed: true,
  },
}

function check(
  { webhook, headers }: Pick<Signed, 'webhook' | 'headers'>,
  { text = body, keys = [secret], at = now } = {},
) {
  const request = { header: (name: string) => headers[name], body: Buffer.from(text) }
  return checkSignature(webhook, request, { secrets: keys, now: at })
}

describe.each(Object.entries(sources))('%s', (_name, signed) => {
  test('is a delivery with what was sent, under an id that nobody else can choose', () => {
    expect(check(signed)).toEqual({ delivery: { id: expect.stringContaining(signed.id), payload } })
  })

  test('is taken under the old secret as under the new one', () => {
    expect(check(signed, { keys: ['whsec_bmV3', secret] })).toHaveProperty('delivery')
  })

  test('is refused with another body, another secret, no secret at all, and no signature', () => {
    for (const refused of [
      check(signed, { text: body.replace('acme', 'evil') }),
      check(signed, { keys: ['whsec_b3RoZXI='] }),
      check(signed, { keys: [] }),
      check({ ...signed, headers: {} }),
    ])
      expect(refused).toHaveProperty('refused')
  })

  test('is refused when any header that was signed is another', () => {
    const signedHeaders = Object.keys(signed.headers).filter((name) => name !== 'x-github-delivery')
    for (const name of signedHeaders)
      expect(check({ ...signed, headers: { ...signed.headers, [name]: `${signed.headers[name]}0` } })).toHaveProperty(
        'refused',
      )
  })

  test('is refused once it is older than its tolerance, or comes from the future, where its time is signed', () => {
    const late = new Date(now.getTime() + 301_000)
    const early = new Date(now.getTime() - 301_000)
    for (const at of [late, early]) expect('delivery' in check(signed, { at })).toBe(!signed.isTimed)
    expect(check(signed, { at: new Date(now.getTime() + 299_000) })).toHaveProperty('delivery')
  })
})

describe('slack', () => {
  const webhook = { source: 'slack', ...timed } as const
  const headersFor = (text: string) => ({
    'x-slack-signature': `v0=${hmac(`v0:${seconds}:${text}`)}`,
    'x-slack-request-timestamp': seconds,
  })

  test('gets the challenge back with which it checks a new address', () => {
    const text = JSON.stringify({ type: 'url_verification', challenge: 'c' })
    expect(check({ webhook, headers: headersFor(text) }, { text })).toEqual({ reply: { challenge: 'c' } })
  })

  test.each([[{ event_id: 'a\u0000b' }], [{ event_id: 'x'.repeat(300) }], [{ event_id: 7 }]])(
    'is known by its body where its id is none that can be kept, as %j',
    (event) => {
      const text = JSON.stringify(event)
      expect(check({ webhook, headers: headersFor(text) }, { text })).toMatchObject({
        delivery: { id: expect.stringMatching(/^sha256:/) },
      })
    },
  )

  test('sends commands and interactions as forms', () => {
    const command = 'command=%2Fonboard&text=Acme'
    expect(check({ webhook, headers: headersFor(command) }, { text: command })).toMatchObject({
      delivery: { payload: { command: '/onboard', text: 'Acme' } },
    })
    const pressed = `payload=${encodeURIComponent('{"type":"block_actions"}')}`
    expect(check({ webhook, headers: headersFor(pressed) }, { text: pressed })).toMatchObject({
      delivery: { payload: { type: 'block_actions' } },
    })
  })
})

test('a body that is nested so deep that nothing could walk it is refused, signed or not', () => {
  const text = `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
  const headers = { 'x-hub-signature-256': `sha256=${hmac(text)}` }
  expect(check({ webhook: { source: 'github', secrets }, headers }, { text })).toEqual({
    refused: 'the body is not JSON of 64 levels at most',
  })
})
