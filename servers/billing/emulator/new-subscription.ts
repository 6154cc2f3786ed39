import { periodEnd } from './billing-period.ts'
import type { Price, Subscription } from './objects.ts'
import { changedMetadata } from './params.ts'
import type { CreateParams } from './subscription-params.ts'
import type { World } from './world.ts'

/** A subscription as Stripe shows it when it has just begun. */
export function newSubscription(
  world: World,
  params: CreateParams,
  prices: Price[],
  status: Subscription['status'],
): Subscription {
  const id = world.newId('sub')
  const start = world.now()
  const trialEnd = params.trial_period_days > 0 ? start + params.trial_period_days * 86_400 : null
  const items = prices.map((price, index) => ({
    id: world.newId('si'),
    object: 'subscription_item' as const,
    billing_thresholds: null,
    created: start,
    current_period_end: trialEnd ?? periodEnd(start, start, price),
    current_period_start: start,
    current_trial: null,
    discounts: [],
    metadata: {},
    price: structuredClone(price),
    quantity: params.items[index]?.quantity ?? 1,
    subscription: id,
    tax_rates: [],
  }))
  return {
    id,
    object: 'subscription',
    application: null,
    application_fee_percent: null,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null },
    billing_cycle_anchor: trialEnd ?? start,
    billing_cycle_anchor_config: null,
    billing_mode: { flexible: null, type: 'flexible' },
    billing_schedules: [],
    billing_thresholds: null,
    cancel_at: null,
    cancel_at_period_end: false,
    canceled_at: null,
    cancellation_details: { comment: null, feedback: null, feedback_option: null, reason: null },
    collection_method: 'charge_automatically',
    created: start,
    currency: prices[0]?.currency ?? 'eur',
    customer: params.customer,
    customer_account: null,
    days_until_due: null,
    default_payment_method: params.default_payment_method ?? null,
    default_source: null,
    default_tax_rates: [],
    description: params.description ?? null,
    discounts: [],
    ended_at: null,
    invoice_settings: {
      account_tax_ids: null,
      custom_fields: null,
      description: null,
      footer: null,
      issuer: { type: 'self' },
    },
    items: { object: 'list', data: items, has_more: false, url: `/v1/subscription_items?subscription=${id}` },
    latest_invoice: null,
    livemode: false,
    managed_payments: null,
    metadata: changedMetadata({}, params.metadata),
    next_pending_invoice_item_invoice: null,
    on_behalf_of: null,
    pause_collection: null,
    payment_settings: null,
    pending_invoice_item_interval: null,
    pending_setup_intent: null,
    pending_update: null,
    schedule: null,
    start_date: start,
    status,
    test_clock: null,
    transfer_data: null,
    trial_end: trialEnd,
    trial_settings: null,
    trial_start: trialEnd === null ? null : start,
  }
}
