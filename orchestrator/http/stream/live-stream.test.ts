import { type ClientRequest, get, type IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type HttpStage, openHttpStage, startRun } from '../../../test/support/http-stage.ts'
import { joinHome } from '../../home/shared-process.ts'
import { draft } from '../../model/event.ts'
import { openService } from '../../open-service.ts'
import { openRecord } from '../../record/open-record.ts'
import { createApp } from '../create-app.ts'
import { type HttpServer, listen } from '../listen.ts'

let stage: HttpStage
let server: HttpServer
let run: string
let key: string
const open: ClientRequest[] = []

beforeEach(async () => {
  stage = await openHttpStage({ limits: { keepAliveMs: 150, streams: 30 } })
  key = (await stage.makeKey()).text
  run = await startRun(await stage.client())
  server = await listen(stage.app, { host: '127.0.0.1', port: 0 })
})
afterEach(async () => {
  for (const request of open.splice(0)) request.destroy()
  stage.stop()
  await server.close(0)
  expect(stage.troubles).toEqual([])
  await stage[Symbol.asyncDispose]()
})

/** A listener on a socket of its own, and the ids that it has got. */
async function listener({ after, url = server.url, as = key }: { after?: number; url?: string; as?: string } = {}) {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers = {
      Authorization: `Bearer ${as}`,
      Accept: 'text/event-stream',
      ...(after === undefined ? {} : { 'Last-Event-ID': String(after) }),
    }
    const request = get(`${url}/v1/runs/${run}/events`, { headers, agent: false }, resolve)
    request.on('error', reject)
    open.push(request)
  })
  let text = ''
  let ended = false
  response.setEncoding('utf8')
  response.on('data', (chunk: string) => {
    text += chunk
  })
  response.on('close', () => {
    ended = true
  })
  response.on('error', () => {})
  const ids = () => [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id))
  return {
    status: response.statusCode,
    response,
    ids,
    text: () => text,
    isOver: () => ended,
    async until(last: number) {
      while ((ids().at(-1) ?? 0) < last) await sleep(5)
      return ids()
    },
  }
}

/** Lets the run grow, as a worker would. */
async function grow(count: number, record = stage.yard.record): Promise<void> {
  await record.journal.adopt(run)
  for (let more = 0; more < count; more++)
    await record.journal.append(run, [draft('system_noted', { what: 'more', details: 'x'.repeat(50) })])
}

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1)

describe('an event stream', () => {
  it('goes on where a listener had got to, on a server that was started anew, with what another process wrote meanwhile', async () => {
    const first = await listener()
    await grow(3)
    expect(await first.until(4)).toEqual(upTo(4))
    stage.stop()
    await server.close(1_000)
    while (!first.isOver()) await sleep(5)

    // Another record on the same Postgres stands for another process: nothing but Postgres is common to them.
    const { home, databaseUrl } = stage.yard
    const membership = await joinHome(home)
    const other = await openRecord({ home, membership, databaseUrl })
    const { mode, catalogue, goals, reasoners } = stage.service
    const service = await openService({
      mode,
      catalogue,
      goals,
      reasoners,
      record: other,
      pursuing: stage.yard.pursuing,
      gateway: undefined,
    })
    const { app } = createApp({
      service,
      authenticate: other.apiKeys.callerOf,
      stopping: new AbortController().signal,
      onTrouble: (error) => stage.troubles.push(error),
    })
    server = await listen(app, { host: '127.0.0.1', port: 0 })
    await grow(2)
    const second = await listener({ after: 4 })
    await second.until(6)
    await grow(3)
    expect(await second.until(9)).toEqual([5, 6, 7, 8, 9])
    open.splice(0).map((request) => request.destroy())
    await server.close(0)
    await service.close()
    await other.close()
    await membership.leave()
  }, 60_000)

  it('is not held up by a listener that does not read, which catches up when it does', async () => {
    const slow = await listener()
    await slow.until(1)
    slow.response.pause()
    const quick = await listener()
    await grow(1_500)
    expect(await quick.until(1_501)).toEqual(upTo(1_501))
    slow.response.resume()
    expect(await slow.until(1_501)).toEqual(upTo(1_501))
  }, 120_000)

  it('leaves nothing behind when its listener goes away', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => listener()))
    await Promise.all(all.map((one) => one.until(1)))
    expect(await listenerCount()).toBe(20)
    for (const request of open.splice(0)) request.destroy()
    while ((await listenerCount()) > 0) await sleep(10)
  })

  it('is one of so many that a key may have, however fast it asks for more, and whatever came of those', async () => {
    for (let round = 0; round < 2; round++) {
      expect((await listener({ after: 999 })).status).toBe(422)
      const all = await Promise.all(Array.from({ length: 40 }, () => listener()))
      expect(all.filter(({ status }) => status === 200)).toHaveLength(30)
      expect(all.filter(({ status }) => status === 429)).toHaveLength(10)
      for (const request of open.splice(0)) request.destroy()
      while ((await listenerCount()) > 0) await sleep(10)
    }
  })

  it('is not opened by who asks for its head alone', async () => {
    const headers = { Authorization: `Bearer ${key}`, Accept: 'text/event-stream' }
    const response = await fetch(`${server.url}/v1/runs/${run}/events`, { method: 'HEAD', headers })
    expect([response.status, response.headers.get('Content-Type')]).toEqual([200, 'text/event-stream'])
    expect(await listenerCount()).toBe(0)
  })

  it('says that it is there while nothing happens', async () => {
    const quiet = await listener({ after: 1 })
    while (!quiet.text().includes(': still here')) await sleep(10)
    expect(quiet.ids()).toEqual([])
  })

  it('ends with the run, and says to who comes back that there is no more', async () => {
    const one = await listener()
    const { journal } = stage.yard.record
    await journal.adopt(run)
    await journal.append(run, [draft('run_finished', { status: 'cancelled', outcomes: [], result: {} })])
    await one.until(2)
    while (!one.isOver()) await sleep(5)
    expect((await listener({ after: 2 })).status).toBe(204)
  })

  it('ends when the key that let its listener in is revoked', async () => {
    const { key_id, text } = await stage.makeKey()
    const one = await listener({ as: text })
    await one.until(1)
    await stage.yard.record.apiKeys.revoke('default', key_id)
    while (!one.isOver()) await sleep(10)
  })
})

async function listenerCount(): Promise<number> {
  const text = await stage.metrics.registry.metrics()
  return Number(/^remit_event_listeners (\d+)$/m.exec(text)?.[1])
}
