import { newPrice } from './prices.ts'
import { newProduct } from './products.ts'
import type { StripeObjects } from './state.ts'

const plans = [
  { key: 'starter', name: 'Starter', monthly: 900, yearly: 9_000 },
  { key: 'team', name: 'Team', monthly: 1_900, yearly: 19_000 },
  { key: 'business', name: 'Business', monthly: 3_900, yearly: 39_000 },
]

/** The products and prices that every account of the emulator has: three plans, per seat, in euro. */
export function shippedCatalogue(created: number): Pick<StripeObjects, 'products' | 'prices'> {
  const products = plans.map(({ key, name }) => newProduct({ id: `prod_${key}`, created, name, unit_label: 'seat' }))
  const prices = plans.flatMap(({ key, monthly, yearly }) =>
    [
      { interval: 'month' as const, lookup_key: `${key}_monthly`, unit_amount: monthly },
      { interval: 'year' as const, lookup_key: `${key}_yearly`, unit_amount: yearly },
    ].map(({ interval, lookup_key, unit_amount }) =>
      newPrice({
        id: `price_${lookup_key}`,
        created,
        currency: 'eur',
        lookup_key,
        product: `prod_${key}`,
        recurring: { interval, interval_count: 1 },
        tax_behavior: 'exclusive',
        unit_amount,
      }),
    ),
  )
  return { products: byId(products), prices: byId(prices) }
}

function byId<T extends { id: string }>(items: T[]): Record<string, T> {
  return Object.fromEntries(items.map((item) => [item.id, item]))
}
