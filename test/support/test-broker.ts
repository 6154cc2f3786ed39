import { liveCredential } from '../../orchestrator/execute/credentials/live-credential.ts'
import type { Source } from '../../orchestrator/execute/credentials/read-source.ts'
import { type Broker, openBroker } from '../../orchestrator/execute/egress/broker.ts'
import type { EgressRecord } from '../../orchestrator/model/egress.ts'
import type { HeaderForm, RequestRule } from '../../shared/manifest.ts'
import { openVendor, type Vendor } from './vendor.ts'

/** What the vendor takes for a key, with characters that every encoding writes in its own way. */
export const secret = 'sk_live_4eC39Hq/yj+WDarjtT1zdp7dc'

/** What the tools of the tests declare. */
export const declared: RequestRule[] = [
  { endpoint: 'API', methods: ['GET', 'POST'], paths: ['/v1/things', '/v1/things/{thing}'] },
]

export interface TestBroker extends AsyncDisposable {
  broker: Broker
  vendor: Vendor
  /** What was refused while no call was in flight. */
  strays: EgressRecord[]
  /** The API's URL as the server was given it. */
  api: string
  /** Does something while a call is in flight, and gives what that caused. */
  during<Result>(work: () => Promise<Result>, egress?: RequestRule[]): Promise<[Result, EgressRecord[]]>
}

export interface TestBrokerOptions {
  header?: HeaderForm
  source?: Source
  hosts?: string[]
  /** The path of the API's URL. */
  base?: string
  /** Of the API, where it is not the vendor of the test. */
  url?: string
  endpoints?: Record<string, { url: string; protocol: 'http' | 'smtp' | 'postgres' }>
}

/** A broker for a server with one API and one key, and the vendor behind it. */
export async function openTestBroker(options: TestBrokerOptions = {}): Promise<TestBroker> {
  const { header = { form: 'bearer' }, source = { value: secret }, hosts = [], base = '', endpoints = {} } = options
  const vendor = await openVendor()
  const strays: EgressRecord[] = []
  const credential = liveCredential(source, {})
  const all = { API: { url: options.url ?? vendor.url + base, protocol: 'http' as const }, ...endpoints }
  const broker = await openBroker({
    server: {
      endpoints: Object.fromEntries(
        Object.entries(all).map(([name, { protocol }]) => [name, { description: '', protocol }]),
      ),
      credentials: {
        KEY: { description: '', optional: false, delivery: 'egress', endpoint: 'API', header, placeholder: 'held' },
      },
    },
    resolved: {
      values: Object.fromEntries(Object.entries(all).map(([name, { url }]) => [name, url])),
      brokered: { KEY: credential },
      secrets: 'value' in source ? [source.value] : [],
    },
    hosts,
    loopback: true,
    onStray: (record) => strays.push(record),
  })
  let calls = 0
  return {
    broker,
    vendor,
    strays,
    api: (broker.env.API ?? '').replace(/\/$/, ''),
    async during(work, egress = declared) {
      const call = `call-${++calls}`
      broker.callStarted(call, { egress })
      try {
        return [await work(), broker.callEnded(call)]
      } finally {
        broker.callEnded(call)
      }
    },
    async [Symbol.asyncDispose]() {
      await broker.close()
      await vendor[Symbol.asyncDispose]()
    },
  }
}
