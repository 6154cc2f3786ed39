import { randomBytes } from 'node:crypto'
import type { Customer, Invoice, Subscription } from './objects.ts'
import type { World } from './world.ts'

/** The eight letters and digits that a customer's invoice numbers begin with. */
export function invoicePrefix(): string {
  return randomBytes(4).toString('hex').toUpperCase()
}

/** What an invoice of a subscription is for. */
interface Billing {
  reason: 'subscription_create' | 'subscription_cycle'
  /** Whether nothing is owed, as on trial. */
  free: boolean
  /** Whether the charge went through; an invoice over nothing is paid whatever the card says. */
  paid: boolean
}

/** Invoices the current period of a subscription, paid or left open, under the customer's next number. */
export function issueInvoice(
  world: World,
  customer: Customer,
  subscription: Subscription,
  { reason, free, paid: charged }: Billing,
): Invoice {
  const id = world.newId('in')
  const sequence = customer.next_invoice_sequence ?? 1
  const amounts = subscription.items.data.map(({ price, quantity }) =>
    free ? 0 : (price.unit_amount ?? 0) * (quantity ?? 1),
  )
  const total = amounts.reduce((sum, amount) => sum + amount, 0)
  const paid = charged || total === 0
  const invoice: Invoice = {
    id,
    object: 'invoice',
    amount_due: total,
    amount_paid: paid ? total : 0,
    amount_remaining: paid ? 0 : total,
    attempt_count: paid ? 0 : 1,
    attempted: true,
    billing_reason: reason,
    collection_method: 'charge_automatically',
    created: world.now(),
    currency: subscription.currency,
    customer: customer.id,
    customer_email: customer.email,
    customer_name: customer.name ?? null,
    description: null,
    due_date: null,
    lines: {
      object: 'list',
      data: subscription.items.data.map((item, index) => ({
        id: world.newId('il'),
        object: 'line_item',
        amount: amounts[index] ?? 0,
        currency: subscription.currency,
        description: `${item.quantity ?? 1} × ${item.price.lookup_key ?? item.price.id}`,
        invoice: id,
        livemode: false,
        metadata: {},
        period: { start: item.current_period_start, end: item.current_period_end },
        quantity: item.quantity ?? 1,
      })),
      has_more: false,
      url: `/v1/invoices/${id}/lines`,
    },
    livemode: false,
    metadata: {},
    number: `${customer.invoice_prefix}-${String(sequence).padStart(4, '0')}`,
    parent: {
      quote_details: null,
      subscription_details: { metadata: subscription.metadata, subscription: subscription.id },
      type: 'subscription_details',
    },
    period_end: world.now(),
    period_start: world.now(),
    status: paid ? 'paid' : 'open',
    subtotal: total,
    total,
  }
  customer.next_invoice_sequence = sequence + 1
  world.objects.invoices[id] = invoice
  const outcomes = paid
    ? (['invoice.paid', 'invoice.payment_succeeded'] as const)
    : (['invoice.payment_failed'] as const)
  for (const type of ['invoice.created', 'invoice.finalized', ...outcomes] as const) world.emit(type, invoice)
  return invoice
}
