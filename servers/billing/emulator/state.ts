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
  objects: StripeObjects
  replies: ById<KeptReply>
}
