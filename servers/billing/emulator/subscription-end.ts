import type { Subscription } from './objects.ts'
import type { World } from './world.ts'

/** Whether nothing can happen to the subscription any more. */
export function hasEnded({ status }: Subscription): boolean {
  return status === 'canceled' || status === 'incomplete_expired'
}

/** Ends a subscription at once. One that never became active expires instead, and its open invoice is void. */
export function endSubscription(world: World, subscription: Subscription): void {
  const incomplete = subscription.status === 'incomplete'
  const invoice = world.objects.invoices[String(subscription.latest_invoice)]
  if (incomplete && invoice?.status === 'open') {
    invoice.status = 'void'
    world.emit('invoice.voided', invoice)
  }
  subscription.status = incomplete ? 'incomplete_expired' : 'canceled'
  subscription.canceled_at = world.now()
  subscription.ended_at = world.now()
  subscription.cancellation_details = {
    comment: null,
    feedback: null,
    feedback_option: null,
    reason: 'cancellation_requested',
  }
  world.emit('customer.subscription.deleted', subscription)
}
