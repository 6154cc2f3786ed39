import type { Json } from '../../shared/json.ts'
import { Bell } from '../run/bell.ts'
import { type Intake, takeDelivery } from './take-delivery.ts'
import type { Trigger } from './trigger.ts'

/** A trigger that a queue feeds. */
export type QueuedTrigger = Trigger & { on: { queue: string } }

/**
 * Where messages come from; Postgres by default, so that another broker can stand behind it. Each message comes at least
 * once, and is acknowledged only by what `take` resolves with.
 */
export interface MessageQueue {
  /**
   * Hands over the next message; false where there is none. Where `take` rejects, or this process dies, it comes again. One
   * that can never be used is set aside with the reason.
   */
  receive(
    queue: string,
    take: (message: { id: string; payload: Json }) => Promise<'done' | { refused: string }>,
  ): Promise<boolean>
  /** Calls back when a queue may have got a message, or without one when any may have. */
  listen(onMessage: (queue?: string) => void): Promise<{ close(): Promise<void> }>
}

export interface ConsumerParts {
  intake: Intake
  queue: MessageQueue
  onTrouble(error: unknown): void
}

/** How long nothing happens at most, where no notice comes: a message that failed comes again by then. */
const idleMs = 5_000

/** Makes runs of messages until it is closed; a message is acknowledged once its run is recorded. */
export async function startConsumer(
  triggers: readonly QueuedTrigger[],
  { intake, queue, onTrouble }: ConsumerParts,
): Promise<{ close(): Promise<void> }> {
  if (triggers.length === 0) return { close: async () => {} }
  const stop = new AbortController()
  const bells = new Map(triggers.map((trigger) => [trigger.on.queue, new Bell()]))
  const listening = await queue.listen((named) => {
    for (const [name, bell] of bells) if (named === undefined || named === name) bell.ring()
  })

  const take =
    (trigger: QueuedTrigger) =>
    async (message: { id: string; payload: Json }): Promise<'done' | { refused: string }> => {
      const taken = await takeDelivery(trigger, message, intake)
      if (!('refused' in taken)) return 'done'
      const faults = taken.issues.map(({ path, message: fault }) => `${path} ${fault}`).join('; ')
      const refused = faults === '' ? taken.refused : `${taken.refused}: ${faults}`
      onTrouble(new Error(`The message ${message.id} of the queue ${trigger.on.queue} was set aside: ${refused}`))
      return { refused }
    }
  const consume = async (trigger: QueuedTrigger): Promise<void> => {
    const bell = bells.get(trigger.on.queue) ?? new Bell()
    while (!stop.signal.aborted) {
      try {
        while (!stop.signal.aborted && (await queue.receive(trigger.on.queue, take(trigger))));
        await bell.heard(idleMs, stop.signal)
      } catch (error) {
        onTrouble(error)
        await new Bell().heard(idleMs, stop.signal)
      }
    }
  }
  const working = Promise.all(triggers.map(consume))
  return {
    async close() {
      stop.abort()
      await working
      await listening.close()
    },
  }
}
