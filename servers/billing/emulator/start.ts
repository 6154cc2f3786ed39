import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createAdaptorServer } from '@hono/node-server'
import { openStore, type RunningEmulator } from '../../../shared/capability/emulator.ts'
import { type AppOptions, stripeApp } from './app.ts'
import { shippedCatalogue } from './catalogue.ts'
import type { EmulatorState } from './state.ts'
import { newId } from './world.ts'

/** Starts the emulator on a free port of 127.0.0.1; its account lies in `stripe.json` of the data folder. */
export async function startStripeEmulator(
  dataFolder: string,
  options: Partial<AppOptions> = {},
): Promise<RunningEmulator> {
  const { now = () => Math.floor(Date.now() / 1000), latencyMs = 0 } = options
  const store = openStore<EmulatorState>(join(dataFolder, 'stripe.json'), freshAccount(now()))
  store.save()

  const server = createAdaptorServer({ fetch: stripeApp(store, { now, latencyMs }).fetch }) as Server
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    endpoints: { STRIPE_API_BASE: url },
    credentials: { STRIPE_API_KEY: store.state.api_key },
    control: `${url}/_remit`,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

function freshAccount(created: number): EmulatorState {
  return {
    api_key: newId('sk_test'),
    objects: {
      customers: {},
      tax_ids: {},
      payment_methods: {},
      ...shippedCatalogue(created),
      subscriptions: {},
      invoices: {},
      events: {},
    },
    replies: {},
  }
}
