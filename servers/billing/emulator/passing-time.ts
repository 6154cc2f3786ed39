import { periodEnd } from './billing-period.ts'
import { paymentMethodFor, refusalOf } from './charge.ts'
import { liveCustomer } from './customers.ts'
import { issueInvoice } from './issue-invoice.ts'
import type { Subscription } from './objects.ts'
import { endSubscription, hasEnded } from './subscription-end.ts'
import type { World } from './world.ts'

/** Something that time alone brings about, and when. */
interface Due {
  at: number
  happen(world: World): void
}

const day = 86_400
/** Stripe gives a first payment 23 hours. */
const incompleteFor = 23 * 3_600

/**
 * Carries out, in order, all that came due after `since` and up to now: trials that are about to end or end, periods that
 * renew, first payments that never came. `worldAt` opens the account at the instant of each. Returns how many they were.
 */
export function passTime(
  subscriptions: Subscription[],
  since: number,
  now: number,
  worldAt: (at: number) => World,
): number {
  let happened = 0
  for (let from = since; ; ) {
    const next = subscriptions
      .flatMap((subscription) => dueOf(subscription))
      .filter(({ at }) => at > from && at <= now)
      .sort((a, b) => a.at - b.at)
    const [first] = next
    if (!first) return happened
    const atOnce = next.filter(({ at }) => at === first.at)
    for (const { at, happen } of atOnce) happen(worldAt(at))
    happened += atOnce.length
    from = first.at
  }
}

function dueOf(subscription: Subscription): Due[] {
  if (hasEnded(subscription)) return []
  if (subscription.status === 'incomplete')
    return [{ at: subscription.created + incompleteFor, happen: (world) => endSubscription(world, subscription) }]
  const renewal = { at: currentEnd(subscription), happen: (world: World) => renew(world, subscription) }
  if (subscription.status !== 'trialing') return [renewal]
  const warning = {
    at: renewal.at - 3 * day,
    happen: (world: World) => world.emit('customer.subscription.trial_will_end', subscription),
  }
  return [warning, renewal]
}

function currentEnd({ items }: Subscription): number {
  return Math.min(...items.data.map(({ current_period_end }) => current_period_end))
}

/** Begins the next period, invoices it and charges it once; a charge that is refused leaves the subscription past due. */
function renew(world: World, subscription: Subscription): void {
  const before = structuredClone(subscription)
  for (const item of subscription.items.data) {
    const start = item.current_period_end
    item.current_period_start = start
    item.current_period_end = periodEnd(subscription.billing_cycle_anchor, start, item.price)
  }
  const customer = liveCustomer(world, String(subscription.customer))
  const paymentMethod = paymentMethodFor(world, subscription, customer)
  const paid = paymentMethod !== undefined && refusalOf(world, paymentMethod, 'invoice') === undefined
  const invoice = issueInvoice(world, customer, subscription, { reason: 'subscription_cycle', free: false, paid })
  subscription.status = invoice.status === 'paid' ? 'active' : 'past_due'
  subscription.latest_invoice = invoice.id
  world.emit('customer.subscription.updated', subscription, before)
}
