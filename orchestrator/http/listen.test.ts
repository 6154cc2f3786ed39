import { get, request } from 'node:http'
import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import type { HttpEnv } from './http-env.ts'
import { limitBody } from './limit-body.ts'
import { listen } from './listen.ts'
import { ProblemError } from './problem.ts'

const loopback = { host: '127.0.0.1', port: 0 }

describe('a body on a real socket', () => {
  const app = new Hono<HttpEnv>().use(limitBody(10)).post('/', async ({ req }) => new Response(await req.text()))
  app.onError((error) => new Response(error.message, { status: error instanceof ProblemError ? 413 : 500 }))

  it.each([
    ['none', [], undefined, '200 '],
    ['one of a known length', ['12345'], '5', '200 12345'],
    ['one in chunks', ['123', '45'], undefined, '200 12345'],
    ['one that says that it is too long', ['12345678901'], '11', '413 A body may have 10 bytes at most'],
    ['chunks that are too long', ['123456', '78901'], undefined, '413 A body may have 10 bytes at most'],
  ])('is read within its limit: %s', async (_, chunks, length, expected) => {
    const server = await listen(app, loopback)
    const answer = await new Promise<string>((resolve, reject) => {
      const headers = length === undefined ? {} : { 'Content-Length': length }
      const asked = request(server.url, { method: 'POST', headers, agent: false }, async (response) => {
        let text = ''
        for await (const chunk of response) text += chunk
        resolve(`${response.statusCode} ${text}`)
      })
      asked.on('error', reject)
      for (const chunk of chunks) asked.write(chunk)
      asked.end()
    })
    expect(answer).toBe(expected)
    await server.close(0)
  })
})

describe('a server that closes', () => {
  it('answers what was asked before, and takes nothing new', async () => {
    const asked = Promise.withResolvers<void>()
    const answer = Promise.withResolvers<void>()
    const app = new Hono<HttpEnv>().get('/', async (context) => {
      asked.resolve()
      await answer.promise
      return context.text('answered')
    })
    const server = await listen(app, loopback)
    const response = fetch(server.url)
    await asked.promise
    const closed = server.close(60_000)
    await expect(fetch(server.url)).rejects.toThrow()
    answer.resolve()
    expect(await (await response).text()).toBe('answered')
    await closed
  })

  it('cuts what is left when its time is over, also when told so later', async () => {
    const asked = Promise.withResolvers<void>()
    const app = new Hono<HttpEnv>().get('/', () => {
      asked.resolve()
      return new Promise<Response>(() => {})
    })
    const server = await listen(app, loopback)
    const cut = new Promise((resolve) => get(server.url, { agent: false }).on('error', resolve))
    await asked.promise
    const closed = server.close(60_000)
    await Promise.all([server.close(0), closed])
    expect(await cut).toBeInstanceOf(Error)
  })

  it('says which port is taken', async () => {
    const server = await listen(new Hono<HttpEnv>(), loopback)
    const port = Number(new URL(server.url).port)
    await expect(listen(new Hono<HttpEnv>(), { ...loopback, port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await server.close(0)
  })
})
