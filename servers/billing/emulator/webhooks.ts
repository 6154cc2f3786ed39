import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '../../../shared/capability/emulator.ts'
import type { Event, WebhookEndpoint } from './objects.ts'
import type { EmulatorState } from './state.ts'
import { webhookSignature } from './webhook-signature.ts'

/** Sends events to the endpoints that want them. */
export interface Webhooks {
  /** Counts the endpoints into the event's `pending_webhooks` and sends it to each once the request that caused it is over. */
  send(event: Event): void
  /** Gives up what is under way. */
  close(): void
}

export interface WebhookOptions {
  /** The machine's own time in seconds, whatever the account's clock says: receivers refuse old signatures. */
  machine: () => number
  /** How long to wait before each further attempt; Stripe goes on for days, an emulator does not. */
  retryAfterMs: readonly number[]
}

const patienceMs = 10_000

/** One endpoint gets its events in order, as signed POST requests; any 2xx answer is a delivery. */
export function openWebhooks(store: Store<EmulatorState>, { machine, retryAfterMs }: WebhookOptions): Webhooks {
  const closing = new AbortController()
  const queues = new Map<string, Promise<void>>()

  const attempt = async (endpoint: WebhookEndpoint, payload: string): Promise<boolean> => {
    const secret = store.state.webhook_secrets[endpoint.id] ?? ''
    const reply = await fetch(endpoint.url, {
      method: 'POST',
      // Where a receiver points on to could be anywhere.
      redirect: 'manual',
      headers: {
        'Content-Type': 'application/json; charset=utf-8',
        'User-Agent': 'Stripe/1.0 (emulated by Remit)',
        'Stripe-Signature': webhookSignature(payload, secret, machine()),
      },
      body: payload,
      signal: AbortSignal.any([closing.signal, AbortSignal.timeout(patienceMs)]),
    })
    await reply.body?.cancel()
    return reply.ok
  }

  const deliver = async (endpointId: string, event: Event, payload: string): Promise<void> => {
    for (const wait of [0, ...retryAfterMs]) {
      await (wait === 0 ? setImmediate() : sleep(wait, undefined, { signal: closing.signal, ref: false }))
      const endpoint = store.state.objects.webhook_endpoints[endpointId]
      if (closing.signal.aborted || endpoint?.status !== 'enabled') return
      if (await attempt(endpoint, payload).catch(() => false)) {
        event.pending_webhooks -= 1
        store.save()
        return
      }
    }
  }

  return {
    send(event) {
      const wanting = Object.values(store.state.objects.webhook_endpoints).filter(
        ({ status, enabled_events: wanted }) =>
          status === 'enabled' && (wanted.includes('*') || wanted.includes(event.type)),
      )
      event.pending_webhooks = wanting.length
      const payload = JSON.stringify(event, null, 2)
      for (const { id } of wanting) {
        const queue = queues.get(id) ?? Promise.resolve()
        queues.set(
          id,
          queue.then(() => deliver(id, event, payload)).catch(() => undefined),
        )
      }
    },
    close: () => closing.abort(),
  }
}
