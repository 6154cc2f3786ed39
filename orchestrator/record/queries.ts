import { createHash } from 'node:crypto'
import type { Json } from '../../shared/json.ts'
import type { Sql, TransactionSql } from '../../shared/postgres/connect.ts'
import { errorCode } from '../../shared/postgres/postgres-errors.ts'
import type { OpenApproval, RunSummary, ShownEvent } from '../model/listed.ts'
import { unlessUnavailable } from './patience.ts'
import { fromStored } from './stored-text.ts'

/** Which runs a list shows; instants are RFC 3339. */
export interface RunFilter {
  limit?: number
  /** The `next` of the page before. */
  cursor?: string
  status?: string
  goal?: string
  principal?: string
  /** Runs that were accepted at this instant or later. */
  from?: string
  /** Runs that were accepted before this instant. */
  to?: string
}

/** Rows of a statement, each with a value for every column, in order; `truncated` when there were more than `rowLimit`. */
export interface QueryResult {
  columns: string[]
  rows: Json[][]
  truncated: boolean
}

/** What people may read of the record: the views, of one tenant at a time, by a role that cannot write. */
export interface Queries {
  /** The latest runs first. */
  listRuns(tenant: string, filter?: RunFilter): Promise<{ runs: RunSummary[]; next?: string }>
  /** Undefined where the tenant has no such run. */
  run(tenant: string, run_id: string): Promise<RunSummary | undefined>
  /** Up to `limit` events of a run after a place, in order; none where the tenant has no such run. */
  events(tenant: string, run_id: string, page: { after: number; limit: number }): Promise<ShownEvent[]>
  /** The run whose id starts with this. Throws a {@link QueryError} when there is none, or more than one. */
  runByPrefix(tenant: string, prefix: string): Promise<RunSummary>
  /** Runs that have not ended, the oldest first. */
  unfinishedRuns(tenant: string): Promise<RunSummary[]>
  /** Approvals that are asked for and not decided, the oldest first. */
  openApprovals(tenant: string): Promise<OpenApproval[]>
  /** One SELECT over the views, within 10 s and {@link rowLimit} rows. Throws a {@link QueryError} with Postgres's reason. */
  sql(tenant: string, statement: string): Promise<QueryResult>
  /** What each view and column holds. */
  describe(tenant: string): Promise<{ view: string; column: string | null; type: string | null; comment: string }[]>
}

/** A question to the record that cannot be answered, with the reason for people. */
export class QueryError extends Error {
  override readonly name = 'QueryError'
}

/** The most rows that one statement of a person returns. */
export const rowLimit = 10_000

/** Queries over a client of the role `remit_query`. */
export function openQueries(sql: Sql, tenantSecret: Buffer): Queries {
  /** Every reading is a transaction that is rolled back, so that no setting made in it outlives it. */
  const asTenant = async <Result>(
    tenant: string,
    work: (transaction: TransactionSql) => Promise<Result>,
  ): Promise<Result> => {
    let result: { value: Result } | undefined
    await unlessUnavailable(() =>
      sql.begin(async (transaction) => {
        await transaction`SELECT set_config('remit.tenant', ${tenant}, true),
          set_config('remit.tenant_proof', ${tenantProof(tenantSecret, tenant)}, true),
          set_config('statement_timeout', '10s', true)`
        result = { value: await work(transaction) }
        throw new RolledBack()
      }, 'READ ONLY'),
    ).catch((error: unknown) => {
      if (!(error instanceof RolledBack)) throw error
    })
    if (!result) throw new QueryError('the reading was cut short')
    return result.value
  }

  return {
    listRuns(tenant, { limit = 50, cursor = null, status = null, goal = null, principal = null, from, to } = {}) {
      return asTenant(tenant, async (transaction) => {
        const rows = await transaction<RunRow[]>`
          SELECT ${runColumns(transaction)} FROM query.runs
          WHERE (${cursor}::uuid IS NULL OR run_id < ${cursor}::uuid)
            AND (${status}::text IS NULL OR status = ${status}::text)
            AND (${goal}::text IS NULL OR goal = ${goal}::text)
            AND (${principal}::text IS NULL OR principal = ${principal}::text)
            AND (${from ?? null}::timestamptz IS NULL OR created_at >= ${from ?? null}::timestamptz)
            AND (${to ?? null}::timestamptz IS NULL OR created_at < ${to ?? null}::timestamptz)
          ORDER BY run_id DESC LIMIT ${limit + 1}`
        const runs = rows.slice(0, limit).map(toSummary)
        const last = runs.at(-1)
        return rows.length > limit && last ? { runs, next: last.run_id } : { runs }
      })
    },
    run(tenant, run_id) {
      return asTenant(tenant, async (transaction) => {
        const [row] = await transaction<RunRow[]>`
          SELECT ${runColumns(transaction)} FROM query.runs WHERE run_id = ${run_id}`
        return row && toSummary(row)
      })
    },
    events(tenant, run_id, { after, limit }) {
      return asTenant(tenant, async (transaction) => {
        const rows = await transaction<(Omit<ShownEvent, 'at'> & { at: Date })[]>`
          SELECT run_id, seq, type, v, at, data FROM query.events
          WHERE run_id = ${run_id} AND seq > ${after} ORDER BY seq LIMIT ${limit}`
        return rows.map(({ at, data, ...row }) => ({ ...row, at: at.toISOString(), data: fromStored(data) }))
      })
    },
    async runByPrefix(tenant, prefix) {
      const range = idsFrom(prefix)
      if (!range) throw new QueryError(`"${prefix}" is not the start of a run's id: give 4 or more of its characters`)
      return asTenant(tenant, async (transaction) => {
        const rows = await transaction<RunRow[]>`
          SELECT ${runColumns(transaction)} FROM query.runs
          WHERE run_id BETWEEN ${range.first} AND ${range.last} ORDER BY run_id DESC LIMIT 2`
        const [run, another] = rows
        if (!run) throw new QueryError(`there is no run ${prefix}`)
        if (another)
          throw new QueryError(`more than one run starts with ${prefix}: ${run.run_id}, ${another.run_id}, …`)
        return toSummary(run)
      })
    },
    unfinishedRuns(tenant) {
      return asTenant(tenant, async (transaction) => {
        const rows = await transaction<RunRow[]>`
          SELECT ${runColumns(transaction)} FROM query.runs
          WHERE status IN ('queued', 'running', 'waiting', 'compensating') ORDER BY run_id`
        return rows.map(toSummary)
      })
    },
    openApprovals(tenant) {
      return asTenant(tenant, async (transaction) => {
        const rows = await transaction<(Omit<OpenApproval, 'until'> & { until: Date })[]>`
          SELECT approval_id, run_id, task_id, question, until
          FROM query.approvals JOIN query.runs USING (run_id)
          WHERE approvals.status = 'pending' AND runs.status IN ('running', 'waiting')
          ORDER BY requested_at, approval_id`
        return rows.map(({ until, ...row }) => ({ ...row, until: until.toISOString() }))
      })
    },
    sql(tenant, statement) {
      // A cursor takes one statement that only reads, and hands over no more rows than are asked for.
      const select = statement.trim().replace(/;\s*$/, '')
      return asTenant(tenant, async (transaction) => {
        try {
          // In a template it goes by the protocol that takes one statement, where `unsafe` alone would take several.
          await transaction`DECLARE answer NO SCROLL CURSOR FOR ${transaction.unsafe(select)}\n`
          const rows = await transaction.unsafe(`FETCH ${rowLimit + 1} FROM answer`).values()
          const columns = rows.columns.map(({ name }) => name)
          return {
            columns,
            rows: rows.slice(0, rowLimit).map((row) => row.map(asJson)),
            truncated: rows.length > rowLimit,
          }
        } catch (error) {
          throw readable(error)
        }
      })
    },
    describe(tenant) {
      return asTenant(tenant, async (transaction) => {
        const rows = await transaction<{ view: string; column: string | null; type: string | null; comment: string }[]>`
          SELECT class.relname AS view, attribute.attname AS column,
            format_type(attribute.atttypid, attribute.atttypmod) AS type, description.description AS comment
          FROM pg_catalog.pg_class AS class
          JOIN pg_catalog.pg_description AS description
            ON description.objoid = class.oid AND description.classoid = 'pg_catalog.pg_class'::regclass
          LEFT JOIN pg_catalog.pg_attribute AS attribute
            ON attribute.attrelid = class.oid AND attribute.attnum = description.objsubid AND attribute.attnum > 0
          WHERE class.relnamespace = 'query'::regnamespace
          ORDER BY class.relname, description.objsubid`
        return [...rows]
      })
    },
  }
}

function runColumns(transaction: TransactionSql) {
  return transaction`run_id, goal, status, tenant, principal, parent_run, created_at, updated_at`
}

/** Ends a reading that went well. */
class RolledBack extends Error {}

/** A value as JSON: instants as RFC 3339, numbers too large for JSON as text, bytes as hexadecimal. */
function asJson(value: unknown): Json {
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  return typeof value === 'bigint' ? String(value) : (value as Json)
}

/** The URL of `remit_query` for a shell that reads one tenant, by the same proof. Holds a password: never log it. */
export function readerUrl(queryUrl: string, tenantSecret: Buffer, tenant: string): string {
  const url = new URL(queryUrl)
  const settings = {
    'remit.tenant': tenant,
    'remit.tenant_proof': tenantProof(tenantSecret, tenant),
    search_path: 'query',
  }
  const options = Object.entries(settings).map(([name, value]) => `-c ${name}=${value.replace(/[\\ ]/g, '\\$&')}`)
  url.search = `?options=${encodeURIComponent(options.join(' '))}`
  return url.href
}

/** What the function `query.tenant()` checks: only who knows the secret can read for a tenant. */
function tenantProof(secret: Buffer, tenant: string): string {
  const inner = createHash('sha256').update(secret).update(tenant).digest()
  return createHash('sha256').update(secret).update(inner).digest('hex')
}

/** The first and the last id that start so; undefined where none can. A range, unlike a text, is looked up in an index. */
function idsFrom(prefix: string): { first: string; last: string } | undefined {
  const start = prefix.toLowerCase()
  const [first, last] = ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'].map(
    (id) => start + id.slice(start.length),
  )
  const isId = (id: string | undefined): id is string => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id ?? '')
  return start.length >= 4 && isId(first) && isId(last) ? { first, last } : undefined
}

interface RunRow extends Omit<RunSummary, 'parent_run' | 'created_at' | 'updated_at'> {
  parent_run: string | null
  created_at: Date
  updated_at: Date
}

function toSummary({ parent_run, created_at, updated_at, ...run }: RunRow): RunSummary {
  const parent = parent_run === null ? {} : { parent_run }
  return { ...run, ...parent, created_at: created_at.toISOString(), updated_at: updated_at.toISOString() }
}

/** SQLSTATE classes that are the fault of the statement; anything else is a fault of ours or of the server. */
function readable(error: unknown): unknown {
  const code = errorCode(error)
  if (!/^(22|42|0A|54|57014|25006|2[123]|P0)/.test(code)) return error
  const { message, hint } = error as { message: string; hint?: string }
  if (/DECLARE CURSOR|multiple commands/.test(message) || code === '42601') {
    const reason = /multiple commands/.test(message) ? 'there is more than one statement' : message
    return new QueryError(
      `${reason}: give one SELECT statement over the views runs, calls, decisions, approvals, events`,
    )
  }
  return new QueryError(hint ? `${message} (${hint})` : message)
}
