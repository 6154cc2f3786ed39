import type { Json } from '../../shared/json.ts'
import type { Sql } from '../../shared/postgres/connect.ts'
import { systemStream } from '../model/event.ts'
import { fromStored } from './stored-text.ts'

/** The details of the latest note of a kind in the stream of what no run owns, or nothing where there is none. */
export async function lastNoted(sql: Sql, what: string): Promise<Json | undefined> {
  const [found] = await sql<{ details: Json }[]>`
    SELECT data -> 'details' AS details FROM remit.events
    WHERE run_id = ${systemStream} AND type = 'system_noted' AND data ->> 'what' = ${what}
    ORDER BY seq DESC LIMIT 1`
  return found && fromStored(found.details)
}
