import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { openTestBroker, secret } from '../support/test-broker.ts'
import { selfSigned } from './fixtures/self-signed.ts'

const forms: [string, string][] = [
  ['as it is', secret],
  ['URL-encoded', encodeURIComponent(secret)],
  ['in JSON with escaped slashes', secret.replaceAll('/', '\\/')],
  ['in base64', btoa(secret)],
  ['in base64 within other text', btoa(`user:${secret}:x`)],
  ['in base64 for URLs', Buffer.from(`{"authorization":"Bearer ${secret}"}`).toString('base64url')],
  ['in hexadecimal', Buffer.from(secret).toString('hex')],
]

/** Every way in which a secret could be read out of a text. */
function readable(text: string, hidden = secret): string[] {
  const words = text.match(/[\w+/=-]{16,}/g) ?? []
  const decoded = words.flatMap((word) => [
    Buffer.from(word, 'base64').toString('latin1'),
    Buffer.from(word, 'hex').toString('latin1'),
  ])
  return [text, decodeURIComponent(text.replaceAll(/%(?![0-9a-f]{2})/gi, '%25')), ...decoded].filter((each) =>
    each.replaceAll('\\', '').includes(hidden),
  )
}

describe('a vendor that echoes the secret', () => {
  test.each(forms)('%s, in a body and in a header: neither comes back', async (_, form) => {
    await using server = await openTestBroker()
    server.vendor.answer((_, response) => {
      response.writeHead(400, { 'x-echo': `>${form}<`, 'set-cookie': `s=${form}`, 'content-length': form.length + 4 })
      response.end(`a ${form} b`)
    })
    const [reply] = await server.during(async () => {
      const answered = await fetch(`${server.api}/v1/things`)
      return { body: await answered.text(), headers: JSON.stringify([...answered.headers]) }
    })
    expect(readable(reply.body)).toEqual([])
    expect(readable(reply.headers)).toEqual([])
    expect(reply.body).toMatch(/^a .*\[redacted\].* b$/)
  })

  test('cut anywhere between two chunks', async () => {
    await using server = await openTestBroker()
    server.vendor.answer(async ({ url }, response) => {
      const at = Number(url.split('=')[1])
      response.write(`x${secret.slice(0, at)}`)
      await new Promise((resolve) => setImmediate(resolve))
      response.end(`${secret.slice(at)}y`)
    })
    const [bodies] = await server.during(async () => {
      const all: string[] = []
      for (let at = 1; at < secret.length; at += 5)
        all.push(await (await fetch(`${server.api}/v1/things?at=${at}`)).text())
      return all
    })
    expect(new Set(bodies)).toEqual(new Set(['x[redacted]y']))
  })

  test.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
  ] as const)('compressed by %s, though identity was asked for', async (encoding, compress) => {
    await using server = await openTestBroker()
    server.vendor.answer((_, response) =>
      response.writeHead(200, { 'content-encoding': encoding }).end(compress(`{"key":"${secret}"}`)),
    )
    const [body] = await server.during(async () => (await fetch(`${server.api}/v1/things`)).text())
    expect(body).toBe('{"key":"[redacted]"}')
    expect(server.vendor.received[0]?.headers['accept-encoding']).toBe('identity')
  })

  test('in a coding that nobody can look into: the answer is not passed on', async () => {
    await using server = await openTestBroker()
    server.vendor.answer((_, response) => response.writeHead(200, { 'content-encoding': 'aes' }).end(secret))
    const [lost] = await server.during(() => fetch(`${server.api}/v1/things`).catch((error: Error) => error))
    expect(lost).toBeInstanceOf(Error)
  })

  test('in the reason phrase, in a trailer and in a redirect', async () => {
    await using server = await openTestBroker()
    server.vendor.answer((_, response) => {
      response.writeHead(302, secret.replaceAll('/', ''), {
        trailer: 'x-trailer',
        location: `/v1/things?key=${encodeURIComponent(secret)}`,
      })
      response.addTrailers({ 'x-trailer': secret })
      response.end()
    })
    const [reply] = await server.during(() => fetch(`${server.api}/v1/things`, { redirect: 'manual' }))
    expect(reply.statusText).toBe('Found')
    expect(JSON.stringify([...reply.headers])).not.toContain(encodeURIComponent(secret))
    expect(reply.headers.get('location')).toContain('[redacted]')
  })
})

test('an endpoint that cannot prove its name does not get the secret', async () => {
  const asked: string[] = []
  const impostor = createServer(selfSigned, (request, response) => {
    asked.push(request.url ?? '')
    response.end()
  })
  impostor.listen(0, '127.0.0.1')
  await once(impostor, 'listening')
  const { port } = impostor.address() as AddressInfo
  await using server = await openTestBroker({ url: `https://localhost:${port}` })
  const [reply] = await server.during(() => fetch(`${server.api}/v1/things`))
  expect([reply.status, reply.headers.get('remit-not-sent')]).toEqual([502, '1'])
  expect(asked).toEqual([])
  impostor.close()
})

test('the secret that a server guesses into a path is not in the record', async () => {
  const word = 'held_word_of_the_vendor'
  await using server = await openTestBroker({ source: { value: word } })
  const [, egress] = await server.during(async () => {
    await fetch(`${server.api}/v1/admin/${word}`)
    await fetch(`${server.api}/v1/things/${word}`)
    await fetch(`${server.api}/v1/things/${Buffer.from(word).toString('base64url')}`)
  })
  expect(egress).toHaveLength(3)
  expect(readable(JSON.stringify(egress), word)).toEqual([])
})
