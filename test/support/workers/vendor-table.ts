import { setTimeout as sleep } from 'node:timers/promises'
import type { Gateway } from '../../../orchestrator/execute/gateway.ts'
import type { CallOutcome, CallRequest } from '../../../orchestrator/model/call.ts'
import { connect, type Sql, withClient } from '../../../shared/postgres/connect.ts'
import { errorCode } from '../../../shared/postgres/postgres-errors.ts'
import { stationTools } from './stations.ts'

/** One item that a station made; it outlives every worker. */
export interface Effect {
  station: string
  subject: string
  run_id: string
  key: string
  removed: boolean
}

/** Makes the table in which all stations keep their items, and the one of what is permitted. */
export async function createVendorTable(url: string): Promise<void> {
  await withClient(url, 'test', (sql) =>
    sql.unsafe(`
      CREATE SCHEMA vendor;
      CREATE TABLE vendor.effects (
        id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, station text NOT NULL, subject text NOT NULL,
        run_id uuid NOT NULL, key text NOT NULL, "unique" text UNIQUE, removed boolean NOT NULL DEFAULT false);
      CREATE INDEX ON vendor.effects (station, subject);
      CREATE TABLE vendor.permits (subject text PRIMARY KEY);`),
  )
}

/** How long a call takes: most a few milliseconds, some `slowMs`, the station `press` `pressMs`. */
export interface Latency {
  slowShare: number
  slowMs: number
  pressMs: number
}

/** A gateway to stations that are rows of Postgres; in front of it nothing is kept, so that a killed worker loses replies. */
export function openVendorGateway(url: string, latency: Latency): Gateway {
  const sql = connect(url, { max: 4, name: 'vendor' })
  const call = async (request: CallRequest, signal: AbortSignal): Promise<CallOutcome> => {
    const takes = latencyOf(request, latency)
    const before = takes * Math.random()
    try {
      await sleep(before, undefined, { signal })
      const outcome = await answerInTime(sql, request)
      await sleep(takes - before, undefined, { signal })
      return outcome
    } catch (error) {
      if (!signal.aborted) throw error
      return lost('the call was cut off')
    }
  }
  return {
    start: async () => {},
    async call(request, { signal }) {
      const started_at = new Date().toISOString()
      const outcome = await call(request, signal)
      return { outcome, started_at, settled_at: new Date().toISOString(), egress: [] }
    },
    list: async () => ({ reviewed: new Map(), others: [] }),
    tell: async () => ({ name: 'press', version: '1', tools: [], resources: [], prompts: [] }),
    content: async () => null,
    adopt: () => ({ joined: [], changed: [], left: [], started: Promise.resolve() }),
    gone: async () => {},
    status: () => [],
    pids: () => [],
    close: () => sql.end({ timeout: 1 }),
  }
}

function latencyOf({ server, tool }: CallRequest, { slowShare, slowMs, pressMs }: Latency): number {
  if (server === 'press' && tool === 'make_item') return pressMs
  return Math.random() < slowShare ? slowMs : 2 + Math.random() * 20
}

/** A station that is away is waited for, until the deadline; what was asked of one that went away then is lost. */
async function answerInTime(sql: Sql, request: CallRequest): Promise<CallOutcome> {
  for (;;) {
    const isThere = await sql`SELECT`.then(
      () => true,
      () => false,
    )
    if (isThere)
      return answerOf(sql, request).catch((error: unknown) => lost(`the connection was lost (${errorCode(error)})`))
    if (Date.now() > Date.parse(request.deadline)) return notDone('unavailable', 'the station is away')
    await sleep(50)
  }
}

async function answerOf(sql: Sql, request: CallRequest): Promise<CallOutcome> {
  const { server, arguments: args } = request
  const [id, subject] = [String(args.id), String(args.subject)]
  if (request.tool === 'find_item') {
    const [found] = await sql<{ id: string }[]>`
      SELECT id FROM vendor.effects WHERE station = ${server} AND subject = ${subject} AND NOT removed LIMIT 1`
    return found ? done({ id: found.id }) : notDone('not_found', `${server} has no item ${subject}`)
  }
  if (request.tool === 'remove_item') {
    await sql`UPDATE vendor.effects SET removed = true WHERE id = ${id}`
    return done({})
  }
  if (server === 'guild') {
    const [permit] = await sql`SELECT FROM vendor.permits WHERE subject = ${subject}`
    if (!permit) return notDone('declined', `${subject} is not permitted`)
  }
  return make(sql, request, subject)
}

/** Nothing is made after the deadline, as the kit of every server sees to; a known key or name is answered as it was before. */
async function make(sql: Sql, request: CallRequest, subject: string): Promise<CallOutcome> {
  const { server, run_id, idempotency_key: key, deadline } = request
  const unique = uniqueBy(request, subject)
  const [made] = await sql<{ id: string }[]>`
    INSERT INTO vendor.effects (station, subject, run_id, key, "unique")
    SELECT ${server}, ${subject}, ${run_id}, ${key}, ${unique} WHERE clock_timestamp() < ${deadline}::timestamptz
    ON CONFLICT ("unique") DO NOTHING RETURNING id`
  if (made) return done({ id: made.id })
  const [known] = await sql<{ id: string }[]>`SELECT id FROM vendor.effects WHERE "unique" = ${unique}`
  return known ? done({ id: known.id }) : notDone('unavailable', 'the deadline has passed')
}

function uniqueBy({ server, idempotency_key: key }: CallRequest, subject: string): string | null {
  const idempotency = stationTools.tools.get(`${server}.make_item`)?.idempotency
  if (idempotency === 'none') return null
  return idempotency === 'natural' ? `${server} ${subject}` : key
}

const done = (output: { id?: string }): CallOutcome => ({ status: 'succeeded', output })

const notDone = (kind: 'unavailable' | 'not_found' | 'declined', message: string): CallOutcome => ({
  status: 'failed',
  failure: { kind, message },
})

const lost = (message: string): CallOutcome => ({ status: 'uncertain', failure: { kind: 'unavailable', message } })
