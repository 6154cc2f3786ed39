import { connect } from '../../shared/postgres/connect.ts'
import { withUrl } from '../../shared/postgres/with-url.ts'
import type { Home } from '../home/home.ts'
import type { Membership } from '../home/shared-process.ts'
import { systemStream } from '../model/event.ts'
import { remitDatabase } from './bootstrap.ts'
import { runningPort } from './embedded-postgres.ts'
import { readPasswords } from './passwords.ts'
import { journalRole } from './roles.ts'

/** How often a server asked the network for what it may not have. */
export interface DeniedEgress {
  server: string
  times: number
}

export interface RunningRecord {
  home: Home
  membership: Membership
  /** The owner's URL of an external Postgres. */
  databaseUrl?: string | undefined
}

const patienceMs = 5_000

/**
 * What servers were refused on the network since then, in every tenant's runs and outside of runs, the most first. What was
 * refused with several calls in flight stands with each of them, and counts so. Undefined where the record does not run, or
 * was never made: nothing is started or changed for this. Rejects where Postgres does not answer, or not soon.
 */
export async function deniedEgress(record: RunningRecord, since: Date): Promise<DeniedEgress[] | undefined> {
  const url = await journalUrlOf(record)
  if (url === undefined) return undefined
  const sql = connect(url, { max: 1, name: 'doctor', settings: { statement_timeout: String(patienceMs) } })
  try {
    return await sql<DeniedEgress[]>`
      WITH denied AS (
        SELECT data #>> '{details,server}' AS server, (data #> '{details,times}')::bigint AS times
        FROM remit.events
        WHERE run_id = ${systemStream} AND type = 'system_noted' AND at >= ${since} AND data ->> 'what' = 'egress_denied'
        UNION ALL
        SELECT intent.data ->> 'server', (each -> 'times')::bigint
        FROM remit.events AS settled
        CROSS JOIN LATERAL jsonb_path_query(settled.data, '$.egress[*] ? (exists (@.denied))') AS each
        JOIN remit.events AS intent ON intent.run_id = settled.run_id AND intent.seq < settled.seq
          AND intent.type = 'call_intended' AND intent.data ->> 'call_id' = settled.data ->> 'call_id'
        WHERE settled.type = 'call_settled' AND settled.at >= ${since}
      )
      SELECT server, sum(coalesce(times, 1))::integer AS times FROM denied GROUP BY server ORDER BY times DESC, server`
  } finally {
    await sql.end({ timeout: 1 })
  }
}

async function journalUrlOf({ home, membership, databaseUrl }: RunningRecord): Promise<string | undefined> {
  const password = (await readPasswords(home, 'roles'))[journalRole.name]
  if (password === undefined) return undefined
  const login = { user: journalRole.name, password }
  if (databaseUrl !== undefined) return withUrl(databaseUrl, login)
  const port = await runningPort(membership)
  return port === undefined ? undefined : withUrl(`postgres://127.0.0.1:${port}/${remitDatabase}`, login)
}
