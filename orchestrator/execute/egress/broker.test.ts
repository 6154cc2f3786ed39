import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, describe, expect, test } from 'vitest'
import { declared, openTestBroker, secret } from '../../../test/support/test-broker.ts'

const folder = mkdtempSync(join(tmpdir(), 'remit-broker-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a request that a tool in flight declares', () => {
  test.each([
    [{ form: 'bearer' } as const, 'authorization', `Bearer ${secret}`],
    [{ form: 'basic', user: 'api' } as const, 'authorization', `Basic ${btoa(`api:${secret}`)}`],
    [{ form: 'basic' } as const, 'authorization', `Basic ${btoa(secret)}`],
    [{ form: 'header', name: 'X-Vendor-Key' } as const, 'x-vendor-key', secret],
  ])('goes out with the credential: %j', async (header, name, value) => {
    await using server = await openTestBroker({ header })
    const [reply] = await server.during(() => fetch(`${server.api}/v1/things?limit=2`))
    expect(reply.status).toBe(200)
    expect(server.vendor.received).toMatchObject([{ method: 'GET', url: '/v1/things?limit=2' }])
    expect(server.vendor.received[0]?.headers[name]).toBe(value)
  })

  test('is recorded with what it moved, and without its query', async () => {
    await using server = await openTestBroker({ base: '/api' })
    server.vendor.answer((_, response) => response.writeHead(201).end('made'))
    const send = () => fetch(`${server.api}/v1/things/t_1?email=a@b.c`, { method: 'POST', body: 'twelve bytes' })
    const [, egress] = await server.during(send)
    expect(server.vendor.received).toMatchObject([{ url: '/api/v1/things/t_1?email=a@b.c', body: 'twelve bytes' }])
    expect(egress).toEqual([
      {
        endpoint: 'API',
        protocol: 'http',
        host: server.vendor.host,
        method: 'POST',
        path: '/v1/things/t_1',
        status: 201,
        bytes_out: 12,
        bytes_in: 4,
        ms: expect.any(Number),
        attribution: 'exact',
      },
    ])
  })

  test('streams: the answer arrives while the vendor is still writing it', async () => {
    await using server = await openTestBroker()
    const go = Promise.withResolvers<void>()
    server.vendor.answer(async (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: one\n\n')
      await go.promise
      response.end('data: two\n\n')
    })
    const [whole] = await server.during(async () => {
      const reply = await fetch(`${server.api}/v1/things`)
      const reader = (reply.body as ReadableStream<Uint8Array>).getReader()
      const first = Buffer.from((await reader.read()).value ?? []).toString()
      go.resolve()
      let rest = ''
      for (let next = await reader.read(); !next.done; next = await reader.read()) rest += Buffer.from(next.value)
      return [first, rest]
    })
    expect(whole).toEqual(['data: one\n\n', 'data: two\n\n'])
  })

  test('carries a new value as soon as its file holds one', async () => {
    const file = join(folder, 'key')
    writeFileSync(file, 'first-value', { mode: 0o600 })
    await using server = await openTestBroker({ source: { file } })
    const send = () => server.during(() => fetch(`${server.api}/v1/things`))
    await send()
    writeFileSync(file, 'second-value')
    await send()
    const sent = server.vendor.received.map(({ headers }) => headers.authorization)
    expect(sent).toEqual(['Bearer first-value', 'Bearer second-value'])
    expect(server.broker.secrets()).toEqual(expect.arrayContaining(['first-value', 'second-value']))
  })

  test('is not sent where the credential is not there any more', async () => {
    const file = join(folder, 'gone')
    writeFileSync(file, 'value-of-a-file', { mode: 0o600 })
    await using server = await openTestBroker({ source: { file } })
    rmSync(file)
    const [reply] = await server.during(() => fetch(`${server.api}/v1/things`))
    expect(reply.status).toBe(503)
    expect(reply.headers.get('remit-not-sent')).toBe('1')
    expect(server.vendor.received).toEqual([])
  })
})

test('a vendor that does not listen is told as a request that was not sent, one that hangs up as a lost answer', async () => {
  await using server = await openTestBroker({
    endpoints: { AWAY: { url: 'http://127.0.0.1:9', protocol: 'http' } },
  })
  const rule = { endpoint: 'AWAY', methods: ['GET' as const], paths: ['/'] }
  const [reply, egress] = await server.during(() => fetch(server.broker.env.AWAY ?? ''), [rule])
  expect([reply.status, reply.headers.get('remit-not-sent')]).toEqual([502, '1'])
  expect(egress).toMatchObject([{ endpoint: 'AWAY', host: '127.0.0.1:9', bytes_in: 0 }])
  server.vendor.answer((_, response) => response.destroy())
  const [lost] = await server.during(() => fetch(`${server.api}/v1/things`).catch((error: Error) => error))
  expect(lost).toBeInstanceOf(Error)
  expect(server.vendor.received).toHaveLength(1)
})

describe('attribution', () => {
  test('is ambiguous while two calls are in flight, and stands with those whose tools declare it', async () => {
    await using server = await openTestBroker()
    server.broker.callStarted('other', { egress: [] })
    server.broker.callStarted('twin', { egress: declared })
    const [, egress] = await server.during(async () => (await fetch(`${server.api}/v1/things`)).text())
    expect(egress).toMatchObject([{ attribution: 'ambiguous' }])
    expect(server.broker.callEnded('twin')).toMatchObject([{ attribution: 'ambiguous' }])
    expect(server.broker.callEnded('other')).toEqual([])
  })

  test('of a request that outlives its call is what was known then, and the request is cut off', async () => {
    await using server = await openTestBroker()
    const asked = Promise.withResolvers<void>()
    const closed = Promise.withResolvers<void>()
    server.vendor.answer((_, response) => {
      response.once('close', closed.resolve)
      asked.resolve()
    })
    const background: Promise<unknown>[] = []
    const [, egress] = await server.during(async () => {
      background.push(fetch(`${server.api}/v1/things`).catch((error: Error) => error))
      await asked.promise
    })
    expect(egress).toEqual([expect.not.objectContaining({ status: expect.anything() })])
    expect(await Promise.all(background)).toEqual([expect.any(Error)])
    await closed.promise
  })
})

test('a relay leads to its one endpoint, whatever is said there, and its bytes are counted for the call', async () => {
  const echo = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1')
  await once(echo, 'listening')
  const { port } = echo.address() as AddressInfo
  await using server = await openTestBroker({
    endpoints: { MAIL_URL: { url: `smtp://user:word@127.0.0.1:${port}/?x=1`, protocol: 'smtp' } },
  })
  const door = new URL(server.broker.env.MAIL_URL ?? '')
  expect([door.username, door.password, door.search]).toEqual(['user', 'word', '?x=1'])
  expect(door.port).not.toBe(String(port))
  expect(server.broker.env.REMIT_ENDPOINT_PLACES).toBe(JSON.stringify({ MAIL_URL: `127.0.0.1:${port}` }))

  const socket = connect(Number(door.port), '127.0.0.1')
  const heard = text(socket)
  socket.write('before')
  await once(socket, 'data')
  const [, egress] = await server.during(async () => {
    socket.write('during it')
    await once(socket, 'data')
  })
  expect(egress).toMatchObject([
    { endpoint: 'MAIL_URL', protocol: 'smtp', bytes_out: 9, bytes_in: 9, attribution: 'exact' },
  ])
  socket.end()
  expect(await heard).toBe('beforeduring it')
  echo.close()
})

test('the server finds doors and placeholders in its environment; the sockets lie where nobody else may enter', async () => {
  await using server = await openTestBroker()
  const { broker, vendor } = server
  expect(broker.env.KEY).toBe('held')
  expect(JSON.stringify(broker.env)).not.toContain(new URL(vendor.url).port)
  const [door] = broker.doors
  if (!door) throw new Error('there is a door')
  expect(statSync(dirname(door.socket)).mode & 0o777).toBe(0o700)
  const path = `${new URL(server.api).pathname}/v1/things`
  const [status] = await server.during(async () => {
    const asked = request({ socketPath: door.socket, path }).end()
    const [reply] = await once(asked, 'response')
    reply.resume()
    return reply.statusCode
  })
  expect(status).toBe(200)
})

test('nothing is left when it is closed', async () => {
  const server = await openTestBroker({ hosts: ['api.example.com:443'] })
  const places = server.broker.doors.map(({ socket }) => dirname(socket))
  await server[Symbol.asyncDispose]()
  for (const place of places) expect(readdirSync(dirname(place))).not.toContain(place.split('/').at(-1))
  await expect(fetch(`${server.api}/v1/things`)).rejects.toThrow()
})

describe('a Postgres whose certificate the server checks', () => {
  const through = async (url: string) => {
    await using server = await openTestBroker({ endpoints: { DB_URL: { url, protocol: 'postgres' } } })
    const { env, doors } = server.broker
    return { url: new URL(env.DB_URL ?? ''), door: doors[1] }
  }

  test.each(['sslmode=verify-full', 'sslmode=verify-ca', 'ssl=true', 'sslrootcert=system'])(
    'keeps its name in the URL (%s): the port alone is the door’s',
    async (query) => {
      const { url, door } = await through(`postgres://user:pass@db.example.com:6432/base?${query}`)
      expect(url.href).toBe(`postgres://user:pass@db.example.com:${door?.port}/base?${query}`)
      expect(door?.checked).toEqual({ slot: 'DB_URL', name: 'db.example.com' })
    },
  )

  test.each(['', '?sslmode=require', '?ssl=false'])(
    'has the door’s address where none is checked (%s)',
    async (query) => {
      const { url, door } = await through(`postgres://user@db.example.com/base${query}`)
      expect(url.hostname).toBe('127.0.0.1')
      expect(door).not.toHaveProperty('checked')
    },
  )

  test.each(['10.0.0.5', '[2001:db8::5]'])('has to have a name: %s is refused', async (address) => {
    await expect(through(`postgres://user@${address}/base?sslmode=verify-full`)).rejects.toThrow(
      `DB_URL asks that the certificate of the address ${address} be checked`,
    )
  })
})
