import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openTestBroker, type TestBroker } from '../support/test-broker.ts'

const folder = mkdtempSync(join(tmpdir(), 'remit-rotation-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A command that prints what a file holds now, and the file. */
function vault(name: string) {
  const file = join(folder, name)
  const print = `process.stdout.write(require('fs').readFileSync(${JSON.stringify(file)}, 'utf8'))`
  return { put: (value: string) => writeFileSync(file, value), source: { exec: [process.execPath, '-e', print] } }
}

/** The vendor takes this key and no other. */
const takes = ({ vendor }: TestBroker, key: string) =>
  vendor.answer(({ headers }, response) =>
    response.writeHead(headers.authorization === `Bearer ${key}` ? 200 : 401).end(`to ${headers.authorization}`),
  )

/** A server whose vendor has revoked the key that was in use, and of which the vault has the next one. */
async function rotated(name: string): Promise<TestBroker> {
  const { put, source } = vault(name)
  put('first-key')
  const server = await openTestBroker({ source })
  takes(server, 'first-key')
  await server.during(() => fetch(`${server.api}/v1/things`))
  server.vendor.received.length = 0
  put('second-key')
  takes(server, 'second-key')
  return server
}

const post = (server: TestBroker, body: string | ReadableStream) =>
  fetch(`${server.api}/v1/things`, { method: 'POST', body, duplex: 'half' } as RequestInit)

test('a request refused for its old key goes out once more with the new one, and both are evidence', async () => {
  await using server = await rotated('once-more')
  const [reply, egress] = await server.during(() => post(server, 'name=acme'))
  expect([reply.status, await reply.text()]).toEqual([200, 'to Bearer [redacted]'])
  expect(server.vendor.received).toMatchObject([
    { method: 'POST', body: 'name=acme', headers: { authorization: 'Bearer first-key' } },
    { method: 'POST', body: 'name=acme', headers: { authorization: 'Bearer second-key' } },
  ])
  expect(egress).toMatchObject([
    { method: 'POST', path: '/v1/things', status: 401, bytes_out: 9, attribution: 'exact' },
    { method: 'POST', path: '/v1/things', status: 200, bytes_out: 9, attribution: 'exact' },
  ])
})

test('also one that came in pieces, and all of those that were under way', async () => {
  await using server = await rotated('pieces')
  const all = Promise.withResolvers<void>()
  server.vendor.answer(async ({ headers }, response) => {
    if (server.vendor.received.length === 3) all.resolve()
    await all.promise
    response.writeHead(headers.authorization === 'Bearer second-key' ? 200 : 401).end()
  })
  const pieces = () => ReadableStream.from([Buffer.from('name='), Buffer.from('acme')])
  const [statuses, egress] = await server.during(async () => {
    const replies = await Promise.all([1, 2, 3].map(() => post(server, pieces())))
    return replies.map(({ status }) => status)
  })
  expect(statuses).toEqual([200, 200, 200])
  expect(server.vendor.received.map(({ body }) => body)).toEqual(Array(6).fill('name=acme'))
  expect(egress).toHaveLength(6)
})

test('one that is too long to be kept is refused, and the next has the new key', async () => {
  await using server = await rotated('too-long')
  const [reply, egress] = await server.during(() => post(server, 'x'.repeat(200_000)))
  expect(reply.status).toBe(401)
  expect(egress).toMatchObject([{ status: 401, bytes_out: 200_000 }])
  expect((await server.during(() => post(server, 'short')))[0].status).toBe(200)
})

test('where the source has no other value the refusal stands: nothing is sent twice', async () => {
  await using server = await openTestBroker()
  takes(server, 'another')
  const [reply, egress] = await server.during(() => post(server, 'name=acme'))
  expect(reply.status).toBe(401)
  expect(server.vendor.received).toHaveLength(1)
  expect(egress).toHaveLength(1)
})

test('where the new value is refused as well there is no third time', async () => {
  await using server = await rotated('third')
  takes(server, 'revoked-too')
  const [reply] = await server.during(() => post(server, 'name=acme'))
  expect(reply.status).toBe(401)
  expect(server.vendor.received).toHaveLength(2)
})

test('where only the server understands that its key was refused, the next request has the new one', async () => {
  await using server = await rotated('in-words')
  server.vendor.answer((_, response) => response.end('{"ok":false,"error":"token_revoked"}'))
  await server.during(() => post(server, 'one'))
  server.broker.credentialsRefused()
  await server.during(() => post(server, 'two'))
  const sent = server.vendor.received.map(({ headers }) => headers.authorization)
  expect(sent).toEqual(['Bearer first-key', 'Bearer second-key'])
})

test('a call that ends while the source is asked sends nothing more', async () => {
  await using server = await rotated('ended')
  let sent: Promise<unknown> = Promise.resolve()
  await server.during(async () => {
    sent = post(server, 'name=acme').catch((error: Error) => error)
    while (server.vendor.received.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  })
  expect(await sent).toBeInstanceOf(Error)
  // By now the command would have answered.
  await server.during(() => post(server, 'name=other'))
  expect(server.vendor.received.filter(({ body }) => body === 'name=acme')).toHaveLength(1)
})
