import { describe, expect, test } from 'vitest'
import type { EgressRecord } from '../../orchestrator/model/egress.ts'
import { rawRequest } from '../support/raw-request.ts'
import { declared, openTestBroker, secret, type TestBroker } from '../support/test-broker.ts'

/** A request as bytes, so that no client mends it. */
const raw = (line: string, ...headers: string[]) =>
  `${[`${line} HTTP/1.1`, 'host: x', 'connection: close', ...headers].join('\r\n')}\r\n\r\n`

const sendRaw = ({ api }: TestBroker, bytes: string) => rawRequest(new URL(api).port, bytes)
const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1])
const reasons = (egress: readonly EgressRecord[]) => egress.map(({ denied }) => denied)

describe('what no tool in flight declares does not reach the vendor', () => {
  test('a request while no call is in flight, which is told at once', async () => {
    await using server = await openTestBroker()
    const reply = await fetch(`${server.api}/v1/things`)
    expect(reply.status).toBe(403)
    expect(reply.headers.get('content-type')).toBe('application/problem+json')
    expect(server.strays).toMatchObject([{ path: '/v1/things', method: 'GET', denied: 'no call is in flight' }])
    expect(server.broker.denied()).toBe(1)
    expect(server.vendor.received).toEqual([])
  })

  test.each([
    ['another path', 'GET', '/v1/admin'],
    ['a path below', 'GET', '/v1/things/t_1/owner'],
    ['another method', 'DELETE', '/v1/things/t_1'],
    ['dots', 'GET', '/v1/things/../admin'],
    ['encoded dots', 'GET', '/v1/things/%2e%2e'],
    ['an encoded slash', 'GET', '/v1/things/t%2Fowner'],
    ['a doubly encoded slash', 'GET', '/v1/things/t%252Fowner'],
    ['an empty segment', 'GET', '/v1//things'],
    ['a backslash', 'GET', '/v1/things\\..\\admin'],
    ['a path parameter', 'GET', '/v1/things;/admin'],
  ])('%s', async (_, method, path) => {
    await using server = await openTestBroker()
    const own = new URL(server.api).pathname
    const [answer, egress] = await server.during(() => sendRaw(server, raw(`${method} ${own}${path}`)))
    expect(statusOf(answer)).toBe(403)
    expect(egress).toMatchObject([{ method, attribution: 'exact', bytes_out: 0, denied: expect.any(String) }])
    expect(server.vendor.received).toEqual([])
  })

  test('an absolute URL of another host', async () => {
    await using server = await openTestBroker()
    const [answer] = await server.during(() => sendRaw(server, raw('GET http://other.example/v1/things')))
    expect(statusOf(answer)).toBe(404)
    expect(server.vendor.received).toEqual([])
  })

  test('what another tool declares, while only this one is in flight', async () => {
    await using server = await openTestBroker()
    const [reply, egress] = await server.during(
      () => fetch(`${server.api}/v1/things`),
      [{ endpoint: 'API', methods: ['GET'], paths: ['/v1/others'] }],
    )
    expect(reply.status).toBe(403)
    expect(reasons(egress)).toEqual(['no tool in flight declares GET of this path'])
  })

  test('a process that does not know the address which the server was given', async () => {
    await using server = await openTestBroker()
    const { origin } = new URL(server.api)
    const [statuses] = await server.during(async () => [
      (await fetch(`${origin}/v1/things`)).status,
      (await fetch(`${origin}/${'x'.repeat(24)}/v1/things`)).status,
    ])
    expect(statuses).toEqual([404, 404])
    expect(server.vendor.received).toEqual([])
  })

  test('a flood of them leaves a bounded record that counts them all', async () => {
    await using server = await openTestBroker()
    const [, egress] = await server.during(async () => {
      for (let n = 0; n < 150; n += 1) await (await fetch(`${server.api}/v1/admin/${n}`)).text()
    })
    expect(egress).toHaveLength(101)
    expect(egress.at(-1)).toMatchObject({ host: 'several', times: 50, denied: expect.any(String) })
    expect(server.broker.denied()).toBe(150)
  })
})

describe('a request cannot be made another one on its way', () => {
  test('a credential that the server sets itself is left behind', async () => {
    await using server = await openTestBroker()
    const headers = {
      authorization: 'Bearer of-an-attacker',
      cookie: 'session=of-an-attacker',
      'x-api-key': 'of-an-attacker',
      'proxy-authorization': 'Basic of-an-attacker',
    }
    await server.during(() => fetch(`${server.api}/v1/things`, { headers }))
    const [received] = server.vendor.received
    expect(received?.headers.authorization).toBe(`Bearer ${secret}`)
    expect(JSON.stringify(received)).not.toContain('of-an-attacker')
  })

  test('also under a name that some servers read as the same', async () => {
    await using server = await openTestBroker({ header: { form: 'header', name: 'X-Vendor-Key' } })
    const own = new URL(server.api).pathname
    const bytes = raw(`GET ${own}/v1/things`, 'x_vendor_key: of-an-attacker', 'X-VENDOR-KEY: of-an-attacker')
    await server.during(() => sendRaw(server, bytes))
    expect(server.vendor.received).toHaveLength(1)
    expect(JSON.stringify(server.vendor.received)).not.toContain('of-an-attacker')
  })

  test.each([
    'x-http-method-override',
    'x-method-override',
    'x_http_method_override',
    'x-original-url',
    'x-rewrite-url',
  ])('the header %s, which changes method or path, is left behind', async (name) => {
    await using server = await openTestBroker()
    await server.during(() => fetch(`${server.api}/v1/things`, { method: 'POST', headers: { [name]: 'DELETE' } }))
    expect(server.vendor.received[0]?.headers).not.toHaveProperty(name)
  })

  test.each([
    ['two lengths', ['content-length: 4', 'content-length: 5'], 'abcd'],
    [
      'a length and chunks',
      ['content-length: 4', 'transfer-encoding: chunked'],
      '0\r\n\r\nGET /v1/admin HTTP/1.1\r\n\r\n',
    ],
    ['an unknown coding', ['transfer-encoding: xchunked'], '0\r\n\r\n'],
    ['a broken header line', ['x-a: b\rx-c: d'], ''],
    ['a header name with a space', ['transfer-encoding : chunked'], '0\r\n\r\n'],
  ])('%s: the request is refused, and no second one appears', async (_, headers, body) => {
    await using server = await openTestBroker()
    const own = new URL(server.api).pathname
    const [answer] = await server.during(() => sendRaw(server, raw(`POST ${own}/v1/things`, ...headers) + body))
    expect([400, 403]).toContain(statusOf(answer))
    expect(server.vendor.received.filter(({ url }) => url !== '/v1/things')).toEqual([])
    expect(server.vendor.received.filter(({ body: got }) => got.includes('admin'))).toEqual([])
  })

  test('a body whose length the server asks to forget is still one body', async () => {
    await using server = await openTestBroker()
    const own = new URL(server.api).pathname
    const body = 'GET /v1/admin HTTP/1.1\r\nhost: x\r\n\r\n'
    const head = [`GET ${own}/v1/things HTTP/1.1`, 'host: x', 'connection: close, content-length']
    const bytes = `${[...head, `content-length: ${body.length}`].join('\r\n')}\r\n\r\n${body}`
    await server.during(() => sendRaw(server, bytes))
    expect(server.vendor.received).toMatchObject([{ url: '/v1/things', body }])
  })

  test('a chunked body of a method that has none by habit is still one body', async () => {
    await using server = await openTestBroker()
    const own = new URL(server.api).pathname
    const body = 'GET /v1/admin HTTP/1.1\r\nhost: x\r\n\r\n'
    const chunked = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
    await server.during(() => sendRaw(server, raw(`GET ${own}/v1/things`, 'transfer-encoding: chunked') + chunked))
    expect(server.vendor.received).toMatchObject([{ url: '/v1/things', body }])
  })

  test('headers that Connection names, and an upgrade, are not carried on', async () => {
    await using server = await openTestBroker()
    const own = new URL(server.api).pathname
    const bytes = raw(`GET ${own}/v1/things`, 'connection: x-hidden, upgrade', 'x-hidden: 1', 'upgrade: websocket')
    await server.during(() => sendRaw(server, bytes))
    for (const { headers } of server.vendor.received) {
      expect(headers).not.toHaveProperty('x-hidden')
      expect(headers).not.toHaveProperty('upgrade')
    }
  })
})

describe('a redirect', () => {
  const redirected = async (location: string, hosts: string[] = []) => {
    const server = await openTestBroker({ hosts })
    server.vendor.answer((_, response) => response.writeHead(302, { location }).end())
    const [reply, egress] = await server.during(() => fetch(`${server.api}/v1/things`, { redirect: 'manual' }))
    return { server, reply, egress }
  }

  test.each(['http://169.254.169.254/latest', 'https://evil.example/', '//evil.example/x', 'file:///etc/passwd'])(
    'to %s is not told, and is recorded as refused',
    async (location) => {
      const { server, reply, egress } = await redirected(location)
      await using _ = server
      expect(reply.headers.get('location')).toBeNull()
      expect(egress).toMatchObject([{ status: 302, denied: expect.stringContaining('a redirect to') }])
    },
  )

  test('to a listed host is told, one to the vendor itself leads back to the door', async () => {
    const listed = await redirected('https://files.example:8443/x', ['files.example:8443'])
    await using _listed = listed.server
    expect(listed.reply.headers.get('location')).toBe('https://files.example:8443/x')
    const back = await redirected('/v1/things/t_1?a=b')
    await using _back = back.server
    expect(back.reply.headers.get('location')).toBe(`${back.server.api}/v1/things/t_1?a=b`)
    expect(reasons(back.egress)).toEqual([undefined])
  })
})

test('a request longer than is passed on does not reach the vendor whole', async () => {
  await using server = await openTestBroker()
  const own = new URL(server.api).pathname
  const bytes = raw(`POST ${own}/v1/things`, `content-length: ${200_000_000}`)
  const [answer] = await server.during(() => sendRaw(server, bytes))
  expect(statusOf(answer)).toBe(413)
  expect(server.vendor.received).toEqual([])
})

test('one that declares everything is still held to its own endpoint', async () => {
  await using server = await openTestBroker()
  const [reply] = await server.during(
    () => fetch(`${server.api}/v1/things`),
    declared.map((rule) => ({ ...rule, endpoint: 'OTHER' })),
  )
  expect(reply.status).toBe(403)
})
