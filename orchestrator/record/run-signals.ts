import { arrayOf } from '../../shared/postgres/array-of.ts'
import type { Sql } from '../../shared/postgres/connect.ts'
import { listen } from './listen.ts'
import { patienceOf, whileUnavailable } from './patience.ts'

/** Tells every process on this Postgres that something happened to a run; nothing is stored. */
export interface RunSignals {
  /** Resolves once it was sent; what is asked for meanwhile is sent together. */
  notify(run_id: string): Promise<void>
  /** Calls back with the id of each run, or with undefined after a reconnection: anything may have happened meanwhile. */
  listen(onSignal: (run_id: string | undefined) => void): Promise<{ close(): Promise<void> }>
}

const channel = 'remit_runs'

/** `sql` is the client that sends; listening takes one more connection, to `url`. */
export function openRunSignals(sql: Sql, url: string, patienceMs: number): RunSignals {
  let next: { ids: Set<string>; sent: Promise<void> } | undefined
  let last: Promise<unknown> = Promise.resolve()

  const prepareNext = () => {
    const ids = new Set<string>()
    const sent = last.then(() => {
      next = undefined
      return whileUnavailable(patienceOf(patienceMs), () => send(sql, ids))
    })
    last = sent.catch(() => {})
    return { ids, sent }
  }

  return {
    notify(run_id) {
      next ??= prepareNext()
      next.ids.add(run_id)
      return next.sent
    },
    listen: (onSignal) =>
      listen(url, {
        name: 'listener',
        channel,
        onNotice: onSignal,
        onReconnected: () => onSignal(undefined),
      }),
  }
}

async function send(sql: Sql, ids: ReadonlySet<string>): Promise<void> {
  await sql`SELECT pg_notify(${channel}, run_id) FROM unnest(${arrayOf([...ids])}::text[]) AS run_id`
}
