import { arrayOf } from '../../shared/postgres/array-of.ts'
import type { Sql } from '../../shared/postgres/connect.ts'
import type { Mode } from '../model/event.ts'
import type { RunStatus } from '../model/run.ts'
import { type Patience, patienceOf, whileUnavailable } from './patience.ts'
import type { Payload } from './payloads.ts'
import { FenceLostError, isFenced, RecordUnavailableError } from './record-errors.ts'

/** One event as it is inserted; `data` is JSON text in its stored form, hashes are hex, `at` is RFC 3339. */
export interface EventRow {
  run_id: string
  seq: number
  type: string
  v: number
  data: string
  at: string
  prev_hash: string
  hash: string
  tenant: string
}

/** A row of `runs` to be made. */
export interface NewRun {
  tenant: string
  principal: string
  goal: string
  mode: Mode
  parent_run: string | null
}

/** What changes in `runs`; a field that is left out stays as it is. */
export interface RunChange {
  status?: RunStatus
  /** RFC 3339, or null for a run that no longer waits for an instant. */
  wake_at?: string | null
}

/** Everything that one run appends in one statement. */
export interface RunWrite {
  run_id: string
  rows: EventRow[]
  /** What the rows refer to. */
  payloads: Payload[]
  created?: NewRun
  change: RunChange
  at: string
}

/** What became of each run's write: nothing for one that is stored, else why it is not. */
export type WriteOutcomes = Map<string, Error | undefined>

/** How to write a batch; a seam, so that tests can lose replies. */
export interface BatchStore {
  insert(writes: readonly RunWrite[]): Promise<void>
  storedHashes(run_id: string, from: number, to: number): Promise<string[]>
}

/**
 * Stores the writes of several runs in one statement. Where the fence refuses it, each run is tried alone: when an earlier
 * reply was lost, a stored hash that is ours means that the append had succeeded. Gives up on a server that stays away for
 * `patienceMs`.
 */
export async function writeBatch(
  store: BatchStore,
  writes: readonly RunWrite[],
  patienceMs: number,
): Promise<WriteOutcomes> {
  const patience = patienceOf(patienceMs)
  try {
    await whileUnavailable(patience, () => store.insert(writes))
    return new Map(writes.map(({ run_id }) => [run_id, undefined]))
  } catch (error) {
    if (error instanceof RecordUnavailableError) return new Map(writes.map(({ run_id }) => [run_id, error]))
  }
  const outcomes: WriteOutcomes = new Map()
  for (const write of writes) outcomes.set(write.run_id, await writeAlone(store, write, { ...patience }))
  return outcomes
}

async function writeAlone(store: BatchStore, write: RunWrite, patience: Patience): Promise<Error | undefined> {
  try {
    await whileUnavailable(patience, () => store.insert([write]))
    return undefined
  } catch (error) {
    if (!isFenced(error)) return error as Error
  }
  // Another worker may have appended the very same at the same millisecond: equal hashes prove nothing if no reply was lost.
  if (!patience.replyLost) return new FenceLostError(write.run_id)
  try {
    const ours = await whileUnavailable(patience, () => isStored(store, write))
    return ours ? undefined : new FenceLostError(write.run_id)
  } catch (error) {
    return error as Error
  }
}

async function isStored(store: BatchStore, { run_id, rows }: RunWrite): Promise<boolean> {
  const first = rows[0]?.seq ?? 0
  const stored = await store.storedHashes(run_id, first, first + rows.length - 1)
  return stored.length === rows.length && rows.every(({ hash }, index) => stored[index] === hash)
}

/** The store in Postgres. `insert` is one prepared statement and one commit, whatever the batch holds. */
export function postgresStore(sql: Sql): BatchStore {
  return {
    async insert(writes) {
      const rows = writes.flatMap((write) => write.rows)
      const created = writes.flatMap((write) => (write.created ? [{ ...write, ...write.created }] : []))
      const changed = writes.filter(({ created, change }) => !created && Object.keys(change).length > 0)
      const payloads = writes.flatMap(({ run_id, payloads }) => payloads.map((payload) => ({ run_id, ...payload })))
      const events = [
        ...columns(rows, ['run_id', 'seq', 'type', 'v', 'at', 'prev_hash', 'hash', 'tenant']),
        `[${rows.map(({ data }) => data).join(',')}]`,
      ]
      if (created.length + changed.length + payloads.length === 0) {
        await sql.unsafe(insertEvents, events, { prepare: true })
        return
      }
      await sql.unsafe(
        payloads.length === 0 ? appendStatement : appendWithPayloads,
        [
          ...events,
          ...columns(created, ['run_id', 'tenant', 'principal', 'goal', 'mode', 'parent_run', 'at']),
          arrayOf(created.map(({ change }) => change.status ?? 'queued')),
          arrayOf(created.map(({ change }) => change.wake_at ?? null)),
          ...columns(changed, ['run_id', 'at']),
          arrayOf(changed.map(({ change }) => change.status ?? null)),
          arrayOf(changed.map(({ change }) => (change.wake_at === undefined ? 'keep' : 'set'))),
          arrayOf(changed.map(({ change }) => change.wake_at ?? null)),
          ...(payloads.length === 0 ? [] : columns(payloads, ['run_id', 'digest', 'content'])),
        ],
        { prepare: true },
      )
    },
    async storedHashes(run_id, from, to) {
      const rows = await sql<{ hash: string }[]>`
        SELECT encode(hash, 'hex') AS hash FROM remit.events
        WHERE run_id = ${run_id} AND seq BETWEEN ${from} AND ${to} ORDER BY seq`
      return rows.map(({ hash }) => hash)
    },
  }
}

function columns<Name extends string>(
  rows: readonly Record<Name, string | number | null>[],
  names: readonly Name[],
): string[] {
  return names.map((name) => arrayOf(rows.map((row) => row[name])))
}

/**
 * No ON CONFLICT: a row that is there already must fail the statement, for it is the fence. The columns are unnested side by
 * side in the list of results, which takes rows one by one; in FROM, all of them would be put by first.
 */
const insertEvents = `
INSERT INTO remit.events (run_id, seq, type, v, at, prev_hash, hash, tenant, data)
SELECT unnest($1::uuid[]), unnest($2::integer[]), unnest($3::text[]), unnest($4::smallint[]), unnest($5::timestamptz[]),
  decode(unnest($6::text[]), 'hex'), decode(unnest($7::text[]), 'hex'), unnest($8::text[]),
  jsonb_array_elements($9::text::jsonb)`

/** Most appends change nothing but events, and what does nothing costs Postgres a third of such a statement all the same. */
const appendStatement = appendWith('')

/** Payloads are named by their content, so one that is there already is the same. */
const appendWithPayloads = appendWith(`, payloads AS (
  INSERT INTO remit.payloads (run_id, digest, content)
  SELECT run_id, digest, content FROM unnest($24::uuid[], $25::text[], $26::text[]) AS payload (run_id, digest, content)
  ON CONFLICT DO NOTHING
)`)

function appendWith(more: string): string {
  return `
WITH created AS (
  INSERT INTO remit.runs (run_id, tenant, principal, goal, mode, parent_run, created_at, updated_at, status, wake_at)
  SELECT run_id, tenant, principal, goal, mode, parent_run, at, at, status, wake_at
  FROM unnest($10::uuid[], $11::text[], $12::text[], $13::text[], $14::text[], $15::uuid[], $16::timestamptz[], $17::text[],
    $18::timestamptz[])
    AS run (run_id, tenant, principal, goal, mode, parent_run, at, status, wake_at)
), changed AS (
  UPDATE remit.runs AS run SET
    status = coalesce(change.status, run.status),
    wake_at = CASE change.wake WHEN 'set' THEN change.wake_at ELSE run.wake_at END,
    updated_at = change.at
  FROM unnest($19::uuid[], $20::timestamptz[], $21::text[], $22::text[], $23::timestamptz[])
    AS change (run_id, at, status, wake, wake_at)
  WHERE run.run_id = change.run_id
    AND (run.status IS DISTINCT FROM coalesce(change.status, run.status)
      OR change.wake = 'set' AND run.wake_at IS DISTINCT FROM change.wake_at)
)${more}${insertEvents}`
}
