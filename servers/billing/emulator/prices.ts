import type Stripe from 'stripe'
import { z } from 'zod'
import type { Price } from './objects.ts'
import { pageOf } from './pages.ts'
import { changedMetadata, created, expandable, flag, integer, metadata, paging } from './params.ts'
import { choice, paramsOf } from './params-of.ts'
import { addProduct, productOf } from './products.ts'
import { route } from './route.ts'
import { invalidParameter, noSuch } from './stripe-rejection.ts'
import type { World } from './world.ts'

const taxBehavior = z.enum(['exclusive', 'inclusive', 'unspecified'])
const fields = {
  ...expandable('product'),
  active: flag.optional(),
  lookup_key: z.string().max(200).optional(),
  metadata: metadata.optional(),
  nickname: z.string().max(5000).optional(),
  tax_behavior: taxBehavior.optional(),
  transfer_lookup_key: flag.optional(),
}
const recurring = paramsOf<Stripe.PriceCreateParams.Recurring>()(
  {
    interval: choice(['month', 'year'], 'day', 'week'),
    interval_count: integer({ min: 1, max: 36 }).default(1),
    usage_type: choice(['licensed'], 'metered').optional(),
  },
  'meter',
  'trial_period_days',
)
const productData = paramsOf<Stripe.PriceCreateParams.ProductData>()(
  {
    active: flag.optional(),
    id: z.string().max(255).optional(),
    metadata: metadata.optional(),
    name: z.string().min(1).max(250),
    unit_label: z.string().max(12).optional(),
  },
  'statement_descriptor',
  'tax_code',
  'tax_details',
)

const createParams = paramsOf<Stripe.PriceCreateParams>()(
  {
    ...fields,
    billing_scheme: choice(['per_unit'], 'tiered').optional(),
    currency: z.string().regex(/^[a-z]{3}$/i, 'must be the code of a currency'),
    product: z.string().optional(),
    product_data: productData.optional(),
    recurring: recurring.optional(),
    unit_amount: integer({ min: 0 }),
  },
  'currency_options',
  'custom_unit_amount',
  'tiers',
  'tiers_mode',
  'transform_quantity',
  'unit_amount_decimal',
)

const create = route('POST', '/v1/prices', createParams, (world, params) => {
  const { product, product_data, lookup_key, transfer_lookup_key, currency, ...given } = params
  if ((product === undefined) === (product_data === undefined)) {
    throw invalidParameter('product', 'You must pass exactly one of product and product_data.')
  }
  if (product !== undefined) productOf(world, product, 'product')
  claimLookupKey(world, lookup_key, transfer_lookup_key)
  const price = newPrice({
    ...given,
    id: world.newId('price'),
    created: world.now(),
    currency: currency.toLowerCase(),
    lookup_key,
    product:
      product ?? addProduct(world, { name: '', ...product_data, id: product_data?.id ?? world.newId('prod') }).id,
  })
  world.objects.prices[price.id] = price
  world.emit('price.created', price)
  return price
})

const updateParams = paramsOf<Stripe.PriceUpdateParams>()(fields, 'currency_options')

const update = route('POST', '/v1/prices/:id', updateParams, (world, params, id) => {
  const { active, lookup_key, nickname, tax_behavior, transfer_lookup_key } = params
  const price = priceOf(world, id)
  if (lookup_key !== price.lookup_key) claimLookupKey(world, lookup_key, transfer_lookup_key)
  const before = structuredClone(price)
  if (active !== undefined) price.active = active
  if (lookup_key !== undefined) price.lookup_key = lookup_key || null
  if (nickname !== undefined) price.nickname = nickname || null
  if (tax_behavior !== undefined) price.tax_behavior = tax_behavior
  price.metadata = changedMetadata(price.metadata, params.metadata)
  world.emit('price.updated', price, before)
  return price
})

const list = route(
  'GET',
  '/v1/prices',
  paramsOf<Stripe.PriceListParams>()(
    {
      ...paging,
      ...expandable('data.product'),
      active: flag.optional(),
      created: created.optional(),
      currency: z.string().optional(),
      lookup_keys: z.array(z.string()).max(10).optional(),
      product: z.string().optional(),
      type: z.enum(['one_time', 'recurring']).optional(),
    },
    'recurring',
  ),
  ({ objects }, { active, created, currency, lookup_keys, product, type, ...page }) => {
    const prices = Object.values(objects.prices).filter(
      (price) =>
        (active === undefined || price.active === active) &&
        (created === undefined || created(price.created)) &&
        (currency === undefined || price.currency === currency) &&
        (lookup_keys === undefined || (price.lookup_key !== null && lookup_keys.includes(price.lookup_key))) &&
        (product === undefined || price.product === product) &&
        (type === undefined || price.type === type),
    )
    return pageOf(prices, '/v1/prices', page)
  },
)

const retrieveParams = paramsOf<Stripe.PriceRetrieveParams>()(expandable('product'))

const retrieve = route('GET', '/v1/prices/:id', retrieveParams, (world, _, id) => priceOf(world, id))

export const priceRoutes = [create, update, list, retrieve]

function priceOf({ objects }: World, id: string): Price {
  const price = objects.prices[id]
  if (!price) throw noSuch('price', id, 'price')
  return price
}

/** A lookup key belongs to one price; it moves on only where that is asked for. */
function claimLookupKey({ objects }: World, key: string | undefined, transfer: boolean | undefined): void {
  const holder = key ? Object.values(objects.prices).find(({ lookup_key }) => lookup_key === key) : undefined
  if (!holder) return
  if (!transfer) throw invalidParameter('lookup_key', `A price (\`${holder.id}\`) already uses that lookup key.`)
  holder.lookup_key = null
}

/** What a price is made of. */
interface PriceRequest {
  id: string
  created: number
  currency: string
  product: string
  unit_amount: number
  active?: boolean | undefined
  lookup_key?: string | undefined
  metadata?: z.infer<typeof metadata> | undefined
  nickname?: string | undefined
  recurring?: { interval: 'month' | 'year'; interval_count: number } | undefined
  tax_behavior?: z.infer<typeof taxBehavior> | undefined
}

/** A price as Stripe shows it: per unit, and once or by month or year. */
export function newPrice(request: PriceRequest): Price {
  const { id, created, currency, product, unit_amount, recurring } = request
  return {
    id,
    object: 'price',
    active: request.active ?? true,
    billing_scheme: 'per_unit',
    created,
    currency,
    custom_unit_amount: null,
    livemode: false,
    lookup_key: request.lookup_key || null,
    metadata: changedMetadata({}, request.metadata),
    nickname: request.nickname || null,
    product,
    recurring: recurring
      ? {
          interval: recurring.interval,
          interval_count: recurring.interval_count,
          meter: null,
          trial_period_days: null,
          usage_type: 'licensed',
        }
      : null,
    tax_behavior: request.tax_behavior ?? 'unspecified',
    tiers_mode: null,
    transform_quantity: null,
    type: recurring ? 'recurring' : 'one_time',
    unit_amount,
    unit_amount_decimal: String(unit_amount),
  }
}
