import { get, type IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { joinHome } from '../orchestrator/home/shared-process.ts'
import { createApp } from '../orchestrator/http/create-app.ts'
import { type HttpServer, listen } from '../orchestrator/http/listen.ts'
import { scopes } from '../orchestrator/model/caller.ts'
import { draft } from '../orchestrator/model/event.ts'
import { withSubGoals } from '../orchestrator/model/sub-goals.ts'
import { openService } from '../orchestrator/open-service.ts'
import { plannerAlone } from '../orchestrator/reasoners.ts'
import { type OpenRecord, openRecord } from '../orchestrator/record/open-record.ts'
import { withUrl } from '../shared/postgres/with-url.ts'
import { pursuitsOnStations } from '../test/support/workers/pursuits-on-stations.ts'
import { stationGoals, stationTools } from '../test/support/workers/stations.ts'
import { quantile, timed } from './measure.ts'
import type { Part } from './part.ts'
import { type Stage, stageDatabase } from './stage.ts'

/** What HTTP adds: to the start of a run, and to an event on its way to who listens. */
export const http: Part = {
  name: 'http',
  about: 'runs accepted a second by 64 clients, and how long an event takes to 200 listeners',
  async run(stage, { quick }) {
    await using served = await serve(stage)
    await accept(served, quick ? 8 : 64, 2)
    const accepted = await accept(served, quick ? 8 : 64, quick ? 5 : 60)
    const listeners = quick ? 20 : 200
    const delivered = await deliver(served, listeners, quick ? 10 : 100)
    return {
      tables: [
        { title: 'POST /v1/runs, each recorded before it is answered', rows: [accepted] },
        {
          title: 'Events to listeners of one run, from before the append until a listener has it',
          rows: [delivered],
          note: 'The clients are in the same process and share its processor.',
        },
      ],
      bars: [],
    }
  },
}

interface Served extends AsyncDisposable {
  server: HttpServer
  record: OpenRecord
  headers: Record<string, string>
}

async function serve(stage: Stage): Promise<Served> {
  const database = await stageDatabase(stage)
  const databaseUrl = withUrl(stage.templateUrl, { database: new URL(database.adminUrl).pathname.slice(1) })
  const membership = await joinHome(stage.home)
  const record = await openRecord({ home: stage.home, membership, databaseUrl })
  const pursuing = await pursuitsOnStations(record)
  const goals = Object.values(stationGoals)
  const catalogue = withSubGoals(stationTools, goals)
  const reasoners = plannerAlone.known
  const service = await openService({
    mode: 'emulated',
    catalogue,
    goals,
    reasoners,
    record,
    pursuing,
    gateway: undefined,
  })
  const stopping = new AbortController()
  const { app } = createApp({
    service,
    authenticate: record.apiKeys.callerOf,
    stopping: stopping.signal,
    onTrouble: (error) => process.stderr.write(`${error}\n`),
  })
  const server = await listen(app, { host: '127.0.0.1', port: 0 })
  const key = { tenant: 'default', principal: 'bench', name: 'bench', created_by: 'bench', scopes, ceiling: {} }
  const { text } = await record.apiKeys.create({ ...key, requests_per_minute: 1_000_000_000 })
  return {
    server,
    record,
    headers: { Authorization: `Bearer ${text}`, 'Content-Type': 'application/json' },
    async [Symbol.asyncDispose]() {
      stopping.abort()
      await server.close(0)
      await service.close()
      await pursuing.close()
      await record.close()
      await membership.leave()
      await database[Symbol.asyncDispose]()
    },
  }
}

/** So many clients, each of which starts one run after the other. */
async function accept(served: Served, clients: number, each: number) {
  const latencies: number[] = []
  const all = await timed(() =>
    Promise.all(
      Array.from({ length: clients }, async (_, client) => {
        for (let index = 0; index < each; index++)
          latencies.push(await timed(() => start(served, `${client}-${index}`)))
      }),
    ),
  )
  return {
    clients,
    runs: clients * each,
    'runs a second': (clients * each * 1_000) / all,
    'ms p50': quantile(latencies, 0.5),
    'ms p99': quantile(latencies, 0.99),
  }
}

async function start({ server, headers }: Served, subject: string): Promise<string> {
  const body = JSON.stringify({ goal: 'three', input: { subject } })
  const response = await fetch(`${server.url}/v1/runs`, { method: 'POST', headers, body })
  if (response.status !== 202) throw new Error(`no run was started: ${await response.text()}`)
  const { run_id } = (await response.json()) as { run_id: string }
  return run_id
}

/** One run that grows event by event, and how long each took to each listener. */
async function deliver(served: Served, listeners: number, events: number) {
  const runId = await start(served, 'listened to')
  const latencies: number[] = []
  const sent = new Map<number, number>()
  let heard = 0
  const hear = (seq: number) => {
    const at = sent.get(seq)
    if (at !== undefined) latencies.push(performance.now() - at)
    heard += 1
  }
  const open = await Promise.all(Array.from({ length: listeners }, () => listenTo(served, runId, hear)))
  const { journal } = served.record
  await journal.adopt(runId)
  for (let event = 0; event < events; event++) {
    while (heard < listeners * (event + 1)) await sleep(1)
    await sleep(20)
    sent.set(event + 2, performance.now())
    await journal.append(runId, [draft('system_noted', { what: 'measured', details: {} })])
  }
  while (heard < listeners * (events + 1)) await sleep(1)
  for (const response of open) response.destroy()
  return { listeners, events, 'ms p50': quantile(latencies, 0.5), 'ms p99': quantile(latencies, 0.99) }
}

async function listenTo({ server, headers }: Served, runId: string, hear: (seq: number) => void) {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const accepting = { ...headers, Accept: 'text/event-stream' }
    get(`${server.url}/v1/runs/${runId}/events`, { headers: accepting, agent: false }, resolve).on('error', reject)
  })
  response.setEncoding('utf8')
  response.on('error', () => {})
  // An event of the bench is smaller than what is sent at once: none comes in two parts.
  response.on('data', (text: string) => {
    for (const [, id] of text.matchAll(/^id: (\d+)$/gm)) hear(Number(id))
  })
  return response
}
