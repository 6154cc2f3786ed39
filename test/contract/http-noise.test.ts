import { request } from 'node:http'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type HttpStage, startRun } from '../support/http-stage.ts'
import { type McpStage, openMcpStage } from '../support/mcp-stage.ts'

let opened: McpStage
let stage: HttpStage
let key: string
let run: string

beforeAll(async () => {
  opened = await openMcpStage({ limits: { requestMs: 20_000, bodyBytes: 64 * 1024 } })
  stage = opened.http
  key = (await stage.makeKey({ requests_per_minute: 10_000_000 })).text
  run = await startRun(await stage.client(), 'known')
})
afterAll(async () => {
  stage.stop()
  await opened[Symbol.asyncDispose]()
})

/** Words that routes know, so that noise gets past the first check of each. */
const known = () =>
  fc.constantFrom(
    'goal',
    'text',
    'input',
    'three',
    'subject',
    'budget',
    'cost_usd',
    'choice',
    'change',
    'why',
    'at',
    'policy',
    'tools',
    'make_item',
    '__proto__',
    'constructor',
    '$ref',
    '$sealed',
    '$blob',
    '\u0000',
    '\ud800',
  )

/** Texts that are nearly policies, or are policies of somebody who means no good. */
const policyNoise = () =>
  fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.constantFrom(
      'rules: []',
      'rules: *nothing',
      'rules: &all [*all]',
      'rules: [{ name: x, when: "arguments.a.b.c == 1 / 0", verdict: allow, reason: "{tool}" }]',
      `rules: ${'['.repeat(5_000)}`,
    ),
  )

const noise = () =>
  fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.json({ maxDepth: 8 }),
    fc.object({ key: fc.oneof(known(), fc.string()), maxDepth: 4 }).map((value) => JSON.stringify(value)),
    fc
      .record({
        goal: fc.constantFrom('three', 'listed', 'family'),
        input: fc.dictionary(fc.oneof(known(), fc.constant('each'), fc.constant('orders')), fc.jsonValue()),
      })
      .map((value) => JSON.stringify(value)),
    fc.record({ policy: policyNoise() }).map((value) => JSON.stringify(value)),
    fc
      .record({
        jsonrpc: fc.constantFrom('2.0', '1.0'),
        id: fc.oneof(fc.integer(), fc.string(), fc.constant(null)),
        method: fc.constantFrom('tools/call', 'tools/list', 'resources/read', 'tasks/get', 'initialize', 'ping', 'x'),
        params: fc.object({
          key: fc.constantFrom('name', 'arguments', 'uri', 'taskId', '_meta', 'cursor'),
          maxDepth: 3,
        }),
      })
      .map((value) => JSON.stringify(value)),
    fc.integer({ min: 1, max: 70 }).map((depth) => `${'{"input":'.repeat(depth)}1${'}'.repeat(depth)}`),
  )

/** Header values that a client can send. */
const value = () =>
  fc.oneof(
    fc.constantFrom(
      'text/event-stream',
      'application/json, text/event-stream',
      'application/json',
      '0',
      '1',
      '-1',
      '9'.repeat(20),
      'null',
      'https://evil.example',
      '*/*',
    ),
    fc.string({ maxLength: 100 }).map((text) => text.replace(/[^\x20-\x7e]/g, '')),
  )
const header = () =>
  fc.constantFrom(
    'Accept',
    'Content-Type',
    'Idempotency-Key',
    'Last-Event-ID',
    'Origin',
    'Host',
    'X-Request-Id',
    'Authorization',
    'X-Forwarded-For',
    'If-None-Match',
  )
const id = () => fc.oneof(fc.constant('RUN'), fc.uuid(), fc.string({ unit: 'binary', maxLength: 60 }))
const query = () =>
  fc.dictionary(
    fc.oneof(
      fc.constantFrom('limit', 'cursor', 'status', 'goal', 'from', 'to', 'after', 'query', 'principal'),
      fc.string(),
    ),
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '0',
        '1',
        '-1',
        '1e9',
        '2026-01-01T00:00:00Z',
        '9999-12-31T23:59:59.999Z',
        '0000-01-01T00:00:00Z',
      ),
    ),
  )

describe('noise', () => {
  it('is never answered with a defect, never hangs, and no answer tells what goes on inside', async () => {
    const routes = stage.app.routes.filter(({ method }) => method !== 'ALL')
    const mcp = { method: 'POST', path: '/mcp' }
    const paths = [...new Map([...routes, mcp].map((route) => [`${route.method} ${route.path}`, route])).values()]
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...paths),
        id(),
        query(),
        noise(),
        fc.dictionary(header(), value(), { maxKeys: 4 }),
        async ({ method, path }, one, asked, body, headers) => {
          const name = one === 'RUN' ? 'crm' : one.toWellFormed()
          const place = path
            .replace(':id', encodeURIComponent(one === 'RUN' ? run : name))
            .replace(':name', encodeURIComponent(name))
          const search = new URLSearchParams(asked).toString()
          const answer = await send(`${place}?${search}`, method, headers, method === 'POST' ? body : undefined)
          expect(stage.troubles).toEqual([])
          expect(answer.status).toBeLessThan(500)
          if (path !== '/metrics' && path !== '/reference')
            expect(answer.text).not.toMatch(/node_modules|at .*\.ts:\d|postgres:\/\/|SELECT |ECONN/)
          expect(answer.text).not.toContain(key)
        },
      ),
      { numRuns: Number(process.env.REMIT_NOISE ?? 400) },
    )
  }, 120_000)
})

/** On a socket, as clients do; of a stream, what comes first. */
function send(path: string, method: string, more: Record<string, string>, body: string | undefined) {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json', ...more }
    const asked = request(`${opened.url}${path}`, { method, headers, agent: false }, (response) => {
      const { statusCode: status = 0, headers } = response
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
        if (headers['content-type'] === 'text/event-stream') response.destroy()
      })
      response.on('close', () => resolve({ status, text }))
      response.on('error', () => {})
    })
    asked.on('error', reject)
    if (body !== undefined && body.length % 2 === 0) asked.setHeader('Content-Length', Buffer.byteLength(body))
    asked.end(body)
  })
}
