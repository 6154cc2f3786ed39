import dns from 'node:dns'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { rawRequest } from '../support/raw-request.ts'
import { openTestBroker } from '../support/test-broker.ts'

/** A host that says what it hears. */
const echo = createServer((socket) => socket.pipe(socket))
let host: string

beforeAll(async () => {
  echo.listen(0, '127.0.0.1')
  await once(echo, 'listening')
  host = `localhost:${(echo.address() as AddressInfo).port}`
})
afterAll(() => void echo.close())

const proxyPort = ({ broker }: { broker: { env: Record<string, string> } }) =>
  new URL(broker.env.HTTPS_PROXY ?? '').port

describe('CONNECT', () => {
  test('opens a tunnel to a listed host, and its bytes are the evidence', async () => {
    await using server = await openTestBroker({ hosts: [host] })
    const [answer, egress] = await server.during(async () => {
      const socket = connect(Number(proxyPort(server)), '127.0.0.1')
      socket.write(`CONNECT ${host} HTTP/1.1\r\nhost: ${host}\r\n\r\nhello`)
      let heard = ''
      for await (const chunk of socket) {
        heard += chunk
        if (heard.endsWith('hello')) break
      }
      return heard
    })
    expect(answer).toBe('HTTP/1.1 200 Connection Established\r\n\r\nhello')
    expect(egress).toMatchObject([{ protocol: 'tcp', host, method: 'CONNECT', bytes_out: 5, bytes_in: 5 }])
  })

  test.each([
    ['another host', 'other.example:443'],
    ['another port', 'localhost:1'],
    ['a name that carries data out', 'c2VjcmV0.exfiltrated.example:443'],
    ['a name below a listed one', () => `secret.${host}`],
    ['an address instead of the name', () => host.replace('localhost', '127.0.0.1')],
    ['a user in front', () => `user@${host}`],
    ['a dot behind', () => host.replace('localhost', 'localhost.')],
  ])('to %s is refused, and no name is looked up', async (_, target) => {
    const to = typeof target === 'string' ? target : target()
    const lookups = vi.spyOn(dns, 'lookup')
    await using server = await openTestBroker({ hosts: [host] })
    const [answer, egress] = await server.during(() =>
      rawRequest(proxyPort(server), `CONNECT ${to} HTTP/1.1\r\nhost: x\r\n\r\n`),
    )
    expect(answer).toMatch(/^HTTP\/1\.1 (403|400)/)
    expect(lookups.mock.calls.filter(([name]) => name !== '127.0.0.1')).toEqual([])
    if (answer.includes(' 403 '))
      expect(egress).toMatchObject([{ host: to.toLowerCase(), denied: 'the host is not listed' }])
  })

  test('plain http is passed on to nobody', async () => {
    await using server = await openTestBroker({ hosts: [host] })
    const [answer, egress] = await server.during(() =>
      rawRequest(proxyPort(server), `GET http://${host}/ HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`),
    )
    expect(answer).toMatch(/^HTTP\/1\.1 403/)
    expect(egress).toMatchObject([{ protocol: 'http', host, denied: 'it is not https' }])
  })
})

test('where the manifest lists no host there is no proxy at all', async () => {
  await using server = await openTestBroker()
  expect(server.broker.env).not.toHaveProperty('HTTPS_PROXY')
  expect(server.broker.doors).toHaveLength(1)
})

test('CONNECT and an upgrade at an endpoint’s own door lead nowhere', async () => {
  await using server = await openTestBroker({ hosts: [host] })
  const { port } = new URL(server.api)
  const [answer] = await server.during(() => rawRequest(port, `CONNECT ${host} HTTP/1.1\r\nhost: x\r\n\r\n`))
  expect(answer).not.toMatch(/^HTTP\/1\.[01] 2/)
  expect(server.vendor.received).toEqual([])
})
