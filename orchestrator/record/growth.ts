import { setTimeout as sleep } from 'node:timers/promises'
import { arrayOf } from '../../shared/postgres/array-of.ts'
import type { Sql } from '../../shared/postgres/connect.ts'
import { listen } from './listen.ts'

/** Tells who watches runs, in any process, that a run has grown up to a place. Nothing is stored, and a notice can be lost. */
export interface Growth {
  /** Passes on that a run has grown; what grows within a moment is told together, and nobody waits for it. */
  tell(run_id: string, seq: number): void
  /**
   * Calls back with each run that has grown, whoever wrote, and with nothing after a reconnection: anything may have happened
   * meanwhile. Needs a direct connection.
   */
  listen(onGrowth: (run_id?: string, seq?: number) => void): Promise<{ close(): Promise<void> }>
  /** Passes on what is still to be told. */
  close(): Promise<void>
}

const channel = 'remit_growth'

/** A busy worker sends this often at most, however many events it stores. */
const apartMs = 20

/** `sql` is the client that sends; listening takes one more connection, to `url`. */
export function openGrowth(sql: Sql, url: string): Growth {
  let grown = new Map<string, number>()
  let sending: Promise<void> | undefined

  const send = async (): Promise<void> => {
    while (grown.size > 0) {
      const notices = [...grown].map(([run_id, seq]) => `${run_id} ${seq}`)
      grown = new Map()
      // While Postgres is away nobody hears anything; who watches looks again once it is back.
      await sql`SELECT pg_notify(${channel}, notice) FROM unnest(${arrayOf(notices)}::text[]) AS notice`.catch(() => {})
      await sleep(apartMs)
    }
    sending = undefined
  }

  return {
    tell(run_id, seq) {
      grown.set(run_id, Math.max(seq, grown.get(run_id) ?? 0))
      sending ??= send()
    },
    listen: (onGrowth) =>
      listen(url, {
        name: 'growth',
        channel,
        onNotice(notice) {
          const [run_id, seq] = notice.split(' ')
          onGrowth(run_id, Number(seq))
        },
        onReconnected: onGrowth,
      }),
    close: async () => void (await sending),
  }
}
