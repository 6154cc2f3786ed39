import type Stripe from 'stripe'

/** The SDK turns decimals into objects of its own; on the wire they are strings. */
export type Price = Omit<Stripe.Price, 'unit_amount_decimal'> & { unit_amount_decimal: string | null }

/** Without `plan`, the older name of `price`. */
type SubscriptionItem = Omit<Stripe.SubscriptionItem, 'plan' | 'price'> & { price: Price }

export type Subscription = Omit<Stripe.Subscription, 'items'> & { items: ListOf<SubscriptionItem> }

type InvoiceLine = Pick<
  Stripe.InvoiceLineItem,
  'id' | 'object' | 'amount' | 'currency' | 'description' | 'invoice' | 'livemode' | 'metadata' | 'period' | 'quantity'
>

/** What of an invoice the emulator keeps. */
export type Invoice = Pick<
  Stripe.Invoice,
  | 'id'
  | 'object'
  | 'amount_due'
  | 'amount_paid'
  | 'amount_remaining'
  | 'attempt_count'
  | 'attempted'
  | 'billing_reason'
  | 'collection_method'
  | 'created'
  | 'currency'
  | 'customer'
  | 'customer_email'
  | 'customer_name'
  | 'description'
  | 'due_date'
  | 'livemode'
  | 'metadata'
  | 'number'
  | 'parent'
  | 'period_end'
  | 'period_start'
  | 'status'
  | 'subtotal'
  | 'total'
> & { lines: ListOf<InvoiceLine> }

export type Address = Stripe.Address
export type Customer = Stripe.Customer
export type DeletedCustomer = Stripe.DeletedCustomer
export type TaxId = Stripe.TaxId
export type PaymentMethod = Stripe.PaymentMethod
export type Product = Stripe.Product

/** Where events are sent; its secret is kept apart and shown once. */
export type WebhookEndpoint = Omit<Stripe.WebhookEndpoint, 'secret'>

/** Something that happened, with the object as it was then. */
export type Event = Pick<
  Stripe.Event,
  'id' | 'object' | 'api_version' | 'created' | 'livemode' | 'pending_webhooks' | 'request' | 'type'
> & { data: { object: object; previous_attributes?: object } }

/** Stripe's page of a list. */
export interface ListOf<T> {
  object: 'list'
  data: T[]
  has_more: boolean
  url: string
}
