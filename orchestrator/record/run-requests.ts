import { createHmac } from 'node:crypto'
import { canonicalJson, type Json } from '../../shared/json.ts'
import type { Sql } from '../../shared/postgres/connect.ts'
import type { Owner } from '../model/run.ts'
import { unlessUnavailable } from './patience.ts'
import { toStored } from './stored-text.ts'

/** What came under an idempotency key for the first time: `run_id` is that of its run. */
export interface RunRequest {
  run_id: string
  /** False where something else was asked for under the same key. */
  same: boolean
}

/** Which run was asked for under which idempotency key, so that a request that is repeated gets the same one. */
export interface RunRequests {
  /**
   * Keeps a request and the run that it is to get, unless its key is known: then it is that of the first. The run need not be
   * there yet: whoever asks makes it, and of several one does.
   */
  claim(owner: Owner, request: { key: string; asked: Json; run_id: string }): Promise<RunRequest>
  /** Forgets what is older than the time for which a repetition is known. */
  forgetOld(): Promise<void>
}

/** For how long a repeated request is known. */
export const rememberedForDays = 7

export interface RunRequestsOptions {
  /** Of the role `remit_journal`; its commits must be durable. */
  sql: Sql
  /** Outside Postgres: what was asked for may hold what is sensitive, and a plain digest of it could be guessed at. */
  digestKey: Buffer
  now(): Date
}

export function openRunRequests({ sql, digestKey, now }: RunRequestsOptions): RunRequests {
  return {
    claim: ({ tenant, principal }, { key, asked, run_id }) =>
      unlessUnavailable(async () => {
        const digest = createHmac('sha256', digestKey)
          .update(canonicalJson(toStored(asked)))
          .digest('hex')
        const made = await sql`
          INSERT INTO remit.run_requests (tenant, principal, idempotency_key, request_digest, run_id, created_at)
          VALUES (${tenant}, ${principal}, ${key}, ${digest}, ${run_id}, ${now()})
          ON CONFLICT ON CONSTRAINT run_requests_key DO NOTHING RETURNING run_id`
        if (made.length > 0) return { run_id, same: true }
        const [first] = await sql<{ run_id: string; request_digest: string }[]>`
          SELECT run_id, request_digest FROM remit.run_requests
          WHERE tenant = ${tenant} AND principal = ${principal} AND idempotency_key = ${key}`
        // Forgotten in between: then the key is as good as new, and the next request under it is kept.
        if (!first) return { run_id, same: true }
        return { run_id: first.run_id, same: first.request_digest === digest }
      }),
    forgetOld: () =>
      unlessUnavailable(async () => {
        const before = new Date(now().getTime() - rememberedForDays * 24 * 3600_000)
        await sql`DELETE FROM remit.run_requests WHERE created_at < ${before}`
      }),
  }
}
