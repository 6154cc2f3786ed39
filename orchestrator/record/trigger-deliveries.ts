import type { Sql } from '../../shared/postgres/connect.ts'
import { unlessUnavailable } from './patience.ts'

/** A delivery of a trigger, and the run that it is to get. */
export interface TriggerDelivery {
  trigger: string
  delivery_id: string
  run_id: string
  /** Of a schedule: the instant. */
  due_at?: Date
}

/** What of a schedule was taken care of. */
export interface Firings {
  /** The latest instant; where there is none, since when the schedule is known. */
  last: Date
  /** Instants whose run was promised and is not there: whoever promised it is gone. */
  unrecorded: Date[]
}

/** Which deliveries of triggers were taken, so that each becomes one run, however often it comes and to however many workers. */
export interface TriggerDeliveries {
  /**
   * Keeps a delivery, unless it is known: then the run is that of the first. The run need not be there yet: whoever takes
   * the delivery makes it, and of several one does.
   */
  claim(delivery: TriggerDelivery): Promise<{ run_id: string; isFirst: boolean }>
  firings(trigger: string): Promise<Firings>
  /** Forgets what is older than the time for which a repetition is known; never a schedule's latest. */
  forgetOld(): Promise<void>
}

/** For how long a repeated delivery is known: longer than any sender goes on trying. */
const rememberedForDays = 45

/** `sql` is of the role `remit_journal`; its commits must be durable. */
export function openTriggerDeliveries({ sql, now }: { sql: Sql; now(): Date }): TriggerDeliveries {
  return {
    claim: ({ trigger, delivery_id, run_id, due_at }) =>
      unlessUnavailable(async () => {
        const made = await sql`
          INSERT INTO remit.trigger_deliveries (trigger, delivery_id, run_id, due_at, received_at)
          VALUES (${trigger}, ${delivery_id}, ${run_id}, ${due_at ?? null}, ${now()})
          ON CONFLICT ON CONSTRAINT trigger_deliveries_once DO NOTHING RETURNING run_id`
        if (made.length > 0) return { run_id, isFirst: true }
        const [first] = await sql<{ run_id: string }[]>`
          SELECT run_id FROM remit.trigger_deliveries WHERE trigger = ${trigger} AND delivery_id = ${delivery_id}`
        // Forgotten in between: then it is as good as new, and the next time it is kept.
        return first ? { run_id: first.run_id, isFirst: false } : { run_id, isFirst: true }
      }),
    firings: (trigger) =>
      unlessUnavailable(async () => {
        await sql`
          INSERT INTO remit.schedules (trigger, since) VALUES (${trigger}, ${now()}) ON CONFLICT DO NOTHING`
        const [known] = await sql<{ last: Date }[]>`
          SELECT greatest(since, (SELECT max(due_at) FROM remit.trigger_deliveries AS taken
            WHERE taken.trigger = schedules.trigger AND due_at IS NOT NULL)) AS last
          FROM remit.schedules WHERE trigger = ${trigger}`
        const unrecorded = await sql<{ due_at: Date }[]>`
          SELECT due_at FROM remit.trigger_deliveries AS taken
          WHERE trigger = ${trigger} AND due_at IS NOT NULL
            AND NOT EXISTS (SELECT FROM remit.runs WHERE runs.run_id = taken.run_id)
          ORDER BY due_at`
        return { last: known?.last ?? now(), unrecorded: unrecorded.map(({ due_at }) => due_at) }
      }),
    forgetOld: () =>
      unlessUnavailable(async () => {
        const before = new Date(now().getTime() - rememberedForDays * 24 * 3600_000)
        await sql`
          DELETE FROM remit.trigger_deliveries AS old
          WHERE received_at < ${before} AND (due_at IS NULL OR due_at < (
            SELECT max(due_at) FROM remit.trigger_deliveries AS taken WHERE taken.trigger = old.trigger))`
      }),
  }
}
