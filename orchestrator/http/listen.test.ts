import { get } from 'node:http'
import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import type { HttpEnv } from './http-env.ts'
import { listen } from './listen.ts'

const loopback = { host: '127.0.0.1', port: 0 }

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
