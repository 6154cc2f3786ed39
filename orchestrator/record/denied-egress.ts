import { systemStream } from '../model/event.ts'
import { type RunningRecord, whereItRuns } from './running-record.ts'

/** How often a server asked the network for what it may not have. */
export interface DeniedEgress {
  server: string
  times: number
}

/**
 * What servers were refused on the network since then, in every tenant's runs and outside of runs, the most first. What was
 * refused with several calls in flight stands with each of them, and counts so. Undefined where the record does not run, or
 * was never made: nothing is started or changed for this. Rejects where Postgres does not answer, or not soon.
 */
export function deniedEgress(record: RunningRecord, since: Date): Promise<DeniedEgress[] | undefined> {
  return whereItRuns(
    record,
    (sql) => sql<DeniedEgress[]>`
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
      SELECT server, sum(coalesce(times, 1))::integer AS times FROM denied GROUP BY server ORDER BY times DESC, server`,
  )
}
