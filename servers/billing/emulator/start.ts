import { join } from 'node:path'
import { listenHttp, openStore, type RunningEmulator, type Store } from '../../../shared/capability/emulator.ts'
import { type AppOptions, stripeApp } from './app.ts'
import { shippedCatalogue } from './shipped-catalogue.ts'
import type { EmulatorState } from './state.ts'
import { openWebhooks, type WebhookOptions } from './webhooks.ts'
import { newId } from './world.ts'

/** Starts the emulator on a port of 127.0.0.1 that stays its own; its account lies in `stripe.json` of the data folder. */
export async function startStripeEmulator(
  dataFolder: string,
  options: Partial<AppOptions & WebhookOptions> = {},
): Promise<RunningEmulator> {
  const { machine = () => Math.floor(Date.now() / 1000), latencyMs = 0, busyMs = 2_000 } = options
  const { retryAfterMs = [1_000, 5_000] } = options
  const store = openAccount(join(dataFolder, 'stripe.json'), machine())
  const webhooks = openWebhooks(store, { machine, retryAfterMs })

  const app = stripeApp(store, webhooks, { machine, latencyMs, busyMs })
  const { url, close } = await listenHttp(app, join(dataFolder, 'port.json'))
  return {
    endpoints: { STRIPE_API_BASE: url },
    credentials: { STRIPE_API_KEY: store.state.api_key },
    control: `${url}/_remit`,
    async close() {
      webhooks.close()
      await close()
    },
  }
}

/** The account of the file, with what accounts of earlier versions had not yet. */
function openAccount(file: string, now: number): Store<EmulatorState> {
  const fresh = freshAccount(now)
  const store = openStore<EmulatorState>(file, fresh)
  store.state = { ...fresh, ...store.state, objects: { ...fresh.objects, ...store.state.objects } }
  store.save()
  return store
}

function freshAccount(created: number): EmulatorState {
  return {
    api_key: newId('sk_test'),
    restricted_keys: {},
    webhook_secrets: {},
    clock: { ahead_s: 0, passed_to: 0 },
    objects: {
      customers: {},
      tax_ids: {},
      payment_methods: {},
      ...shippedCatalogue(created),
      subscriptions: {},
      invoices: {},
      events: {},
      webhook_endpoints: {},
    },
    replies: {},
  }
}
