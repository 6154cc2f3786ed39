import type { Permissions } from './keys.ts'
import type {
  Customer,
  DeletedCustomer,
  Event,
  Invoice,
  PaymentMethod,
  Price,
  Product,
  Subscription,
  TaxId,
  WebhookEndpoint,
} from './objects.ts'

type ById<T> = Record<string, T>

/** All objects of the account, by id, in the order of their making. */
export interface StripeObjects {
  customers: ById<Customer | DeletedCustomer>
  tax_ids: ById<TaxId>
  payment_methods: ById<PaymentMethod>
  products: ById<Product>
  prices: ById<Price>
  subscriptions: ById<Subscription>
  invoices: ById<Invoice>
  events: ById<Event>
  webhook_endpoints: ById<WebhookEndpoint>
}

/** A reply kept under its idempotency key. */
export interface KeptReply {
  /** Digest of method, path and parameters. */
  request: string
  status: number
  body: unknown
  /** Seconds since 1970. */
  created: number
}

/** What the emulator's file holds. */
export interface EmulatorState {
  api_key: string
  /** Restricted key → what it may do. */
  restricted_keys: ById<Permissions>
  /** Webhook endpoint → its signing secret. */
  webhook_secrets: ById<string>
  clock: {
    /** Seconds by which the account's time is ahead of the machine's. */
    ahead_s: number
    /** Up to when all that time brings about has been carried out, in seconds since 1970. */
    passed_to: number
  }
  objects: StripeObjects
  replies: ById<KeptReply>
}
