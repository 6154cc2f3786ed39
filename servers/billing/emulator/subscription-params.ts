import type Stripe from 'stripe'
import { z } from 'zod'
import { created, expandable, integer, metadata, paging } from './params.ts'
import { choice, paramsOf } from './params-of.ts'

const expandables = ['customer', 'default_payment_method', 'latest_invoice']

const item = paramsOf<Stripe.SubscriptionCreateParams.Item>()(
  { price: z.string(), quantity: integer({ min: 0 }).default(1) },
  'billing_thresholds',
  'current_trial',
  'discounts',
  'metadata',
  'plan',
  'price_data',
  'tax_rates',
)
/** What starts a subscription. */
export const createParams = paramsOf<Stripe.SubscriptionCreateParams>()(
  {
    ...expandable(...expandables),
    customer: z.string(),
    items: z.array(item).min(1).max(20),
    collection_method: choice(['charge_automatically'], 'send_invoice').optional(),
    default_payment_method: z.string().optional(),
    description: z.string().max(500).optional(),
    metadata: metadata.optional(),
    payment_behavior: choice(
      ['allow_incomplete', 'default_incomplete', 'error_if_incomplete'],
      'pending_if_incomplete',
    ).default('allow_incomplete'),
    trial_period_days: integer({ min: 0, max: 730 }).default(0),
  },
  'add_invoice_items',
  'application_fee_percent',
  'automatic_tax',
  'backdate_start_date',
  'billing_cycle_anchor',
  'billing_cycle_anchor_config',
  'billing_mode',
  'billing_schedules',
  'billing_thresholds',
  'cancel_at',
  'cancel_at_period_end',
  'currency',
  'customer_account',
  'days_until_due',
  'default_source',
  'default_tax_rates',
  'discounts',
  'invoice_settings',
  'off_session',
  'on_behalf_of',
  'payment_settings',
  'pending_invoice_item_interval',
  'proration_behavior',
  'transfer_data',
  'trial_end',
  'trial_from_plan',
  'trial_settings',
)
export type CreateParams = z.output<typeof createParams>

export const retrieveParams = paramsOf<Stripe.SubscriptionRetrieveParams>()(expandable(...expandables))

const listedStatuses = [
  'active',
  'all',
  'canceled',
  'ended',
  'incomplete',
  'incomplete_expired',
  'past_due',
  'paused',
  'trialing',
  'unpaid',
] as const
export type ListedStatus = (typeof listedStatuses)[number]

export const listParams = paramsOf<Stripe.SubscriptionListParams>()(
  {
    ...paging,
    ...expandable(...expandables.map((path) => `data.${path}`)),
    created: created.optional(),
    customer: z.string().optional(),
    price: z.string().optional(),
    status: z.enum(listedStatuses).optional(),
  },
  'automatic_tax',
  'collection_method',
  'current_period_end',
  'current_period_start',
  'customer_account',
  'plan',
  'test_clock',
)

export const cancelParams = paramsOf<Stripe.SubscriptionCancelParams>()(
  expandable(...expandables),
  'cancellation_details',
  'invoice_now',
  'prorate',
)
