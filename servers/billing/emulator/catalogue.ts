import { z } from 'zod'
import type { Price, Product } from './objects.ts'
import { pageOf } from './pages.ts'
import { expandable, flag, paging } from './params.ts'
import { route } from './route.ts'
import type { StripeObjects } from './state.ts'
import { noSuch } from './stripe-rejection.ts'

const plans = [
  { key: 'starter', name: 'Starter', monthly: 900, yearly: 9_000 },
  { key: 'team', name: 'Team', monthly: 1_900, yearly: 19_000 },
  { key: 'business', name: 'Business', monthly: 3_900, yearly: 39_000 },
]

/** The products and prices that every account of the emulator has: three plans, per seat, in euro. */
export function shippedCatalogue(created: number): Pick<StripeObjects, 'products' | 'prices'> {
  const products = plans.map(({ key, name }) => product(`prod_${key}`, name, created))
  const prices = plans.flatMap(({ key, monthly, yearly }) => [
    price(`${key}_monthly`, `prod_${key}`, 'month', monthly, created),
    price(`${key}_yearly`, `prod_${key}`, 'year', yearly, created),
  ])
  return { products: byId(products), prices: byId(prices) }
}

const listPrices = route(
  'GET',
  '/v1/prices',
  z.strictObject({
    ...paging,
    ...expandable('data.product'),
    active: flag.optional(),
    currency: z.string().optional(),
    lookup_keys: z.array(z.string()).max(10).optional(),
    product: z.string().optional(),
    type: z.enum(['one_time', 'recurring']).optional(),
  }),
  ({ objects }, { active, currency, lookup_keys, product, type, ...page }) => {
    const prices = Object.values(objects.prices).filter(
      (price) =>
        (active === undefined || price.active === active) &&
        (currency === undefined || price.currency === currency) &&
        (lookup_keys === undefined || (price.lookup_key !== null && lookup_keys.includes(price.lookup_key))) &&
        (product === undefined || price.product === product) &&
        (type === undefined || price.type === type),
    )
    return pageOf(prices, '/v1/prices', page)
  },
)

const retrievePrice = route('GET', '/v1/prices/:id', z.strictObject(expandable('product')), ({ objects }, _, id) => {
  const price = objects.prices[id]
  if (!price) throw noSuch('price', id, 'price')
  return price
})

const listProducts = route(
  'GET',
  '/v1/products',
  z.strictObject({ ...paging, ...expandable(), active: flag.optional() }),
  ({ objects }, { active, ...page }) => {
    const products = Object.values(objects.products).filter(
      (product) => active === undefined || product.active === active,
    )
    return pageOf(products, '/v1/products', page)
  },
)

const retrieveProduct = route('GET', '/v1/products/:id', z.strictObject(expandable()), ({ objects }, _, id) => {
  const product = objects.products[id]
  if (!product) throw noSuch('product', id)
  return product
})

export const catalogueRoutes = [listPrices, retrievePrice, listProducts, retrieveProduct]

function product(id: string, name: string, created: number): Product {
  return {
    id,
    object: 'product',
    active: true,
    created,
    default_price: null,
    description: null,
    images: [],
    livemode: false,
    marketing_features: [],
    metadata: {},
    name,
    package_dimensions: null,
    shippable: null,
    statement_descriptor: null,
    tax_code: null,
    tax_details: null,
    type: 'service',
    unit_label: 'seat',
    updated: created,
    url: null,
  }
}

function price(
  lookupKey: string,
  product: string,
  interval: 'month' | 'year',
  unitAmount: number,
  created: number,
): Price {
  return {
    id: `price_${lookupKey}`,
    object: 'price',
    active: true,
    billing_scheme: 'per_unit',
    created,
    currency: 'eur',
    custom_unit_amount: null,
    livemode: false,
    lookup_key: lookupKey,
    metadata: {},
    nickname: null,
    product,
    recurring: { interval, interval_count: 1, meter: null, trial_period_days: null, usage_type: 'licensed' },
    tax_behavior: 'exclusive',
    tiers_mode: null,
    transform_quantity: null,
    type: 'recurring',
    unit_amount: unitAmount,
    unit_amount_decimal: String(unitAmount),
  }
}

function byId<T extends { id: string }>(items: T[]): Record<string, T> {
  return Object.fromEntries(items.map((item) => [item.id, item]))
}
