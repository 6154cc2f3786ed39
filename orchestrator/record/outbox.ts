import type { Json } from '../../shared/json.ts'
import { connect } from '../../shared/postgres/connect.ts'
import { listen } from './listen.ts'
import { unlessUnavailable } from './patience.ts'
import { fromStored, toStored } from './stored-text.ts'

/** A message as it lies in the outbox. */
export interface OutboxMessage {
  id: string
  payload: Json
}

/** What became of a message: it is done with, or it can never be used, for this reason. */
export type Received = 'done' | { refused: string }

/** Queues in Postgres: an application puts a message in its own transaction, by `remit.enqueue`, and one worker gets it. */
export interface Outbox {
  /** The same id again is the same message. */
  enqueue(queue: string, message: { payload: Json; id?: string }): Promise<string>
  /**
   * Hands over the next message of a queue; false where there is none. It is gone once `take` has resolved, and comes again
   * where `take` throws or this process dies before that: soon at first, then less and less often.
   */
  receive(queue: string, take: (message: OutboxMessage) => Promise<Received>): Promise<boolean>
  /** Calls back with each queue that got a message, and with nothing after a reconnection. Needs a direct connection. */
  listen(onMessage: (queue?: string) => void): Promise<{ close(): Promise<void> }>
  /** Those that can never be used, the oldest first. */
  refused(): Promise<{ queue: string; message_id: string; refused: string; enqueued_at: Date }[]>
  close(): Promise<void>
}

const channel = 'remit_outbox'

/** `url` is of the role `remit_journal`. Receiving holds a connection while the message is taken, so it has one of its own. */
export function openOutbox(url: string): Outbox {
  const sql = connect(url, { max: 1, name: 'outbox' })
  const writer = connect(url, { max: 1, name: 'outbox writer' })
  return {
    enqueue: (queue, { payload, id }) =>
      unlessUnavailable(async () => {
        const body = JSON.stringify(toStored(payload))
        const [row] = await (id === undefined
          ? writer<{ id: string }[]>`SELECT remit.enqueue(${queue}, ${body}::text::jsonb) AS id`
          : writer<{ id: string }[]>`SELECT remit.enqueue(${queue}, ${body}::text::jsonb, ${id}) AS id`)
        return row?.id ?? ''
      }),
    receive: (queue, take) =>
      unlessUnavailable(() =>
        sql.begin(async (transaction) => {
          const [row] = await transaction<{ message_id: string; body: Json }[]>`
            SELECT message_id, body FROM remit.outbox
            WHERE queue = ${queue} AND refused IS NULL AND available_at <= now()
            ORDER BY position LIMIT 1 FOR UPDATE SKIP LOCKED`
          if (!row) return false
          const { message_id } = row
          const received = await take({ id: message_id, payload: fromStored(row.body) }).catch((error: unknown) => ({
            error,
          }))
          if (received === 'done')
            await transaction`DELETE FROM remit.outbox WHERE queue = ${queue} AND message_id = ${message_id}`
          else if ('refused' in received)
            await transaction`
              UPDATE remit.outbox SET refused = ${received.refused}, attempts = attempts + 1
              WHERE queue = ${queue} AND message_id = ${message_id}`
          else {
            await transaction`
              UPDATE remit.outbox SET attempts = attempts + 1,
                available_at = now() + least(300, power(2, least(attempts, 9))) * interval '1 second'
              WHERE queue = ${queue} AND message_id = ${message_id}`
            return { error: received.error }
          }
          return true
        }),
      ).then((outcome) => {
        if (typeof outcome === 'boolean') return outcome
        throw outcome.error
      }),
    listen: (onMessage) =>
      listen(url, { name: 'outbox listener', channel, onNotice: onMessage, onReconnected: onMessage }),
    refused: () =>
      unlessUnavailable(async () => {
        const rows = await writer<{ queue: string; message_id: string; refused: string; enqueued_at: Date }[]>`
          SELECT queue, message_id, refused, enqueued_at FROM remit.outbox WHERE refused IS NOT NULL ORDER BY position LIMIT 100`
        return rows.map((row) => ({ ...row }))
      }),
    close: async () => void (await Promise.all([sql.end({ timeout: 1 }), writer.end({ timeout: 1 })])),
  }
}
