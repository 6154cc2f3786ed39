import type Stripe from 'stripe'
import { z } from 'zod'
import { pageOf } from './pages.ts'
import { created, expandable, flag, paging } from './params.ts'
import { paramsOf } from './params-of.ts'
import { route } from './route.ts'
import { noSuch } from './stripe-rejection.ts'

const list = route(
  'GET',
  '/v1/events',
  paramsOf<Stripe.EventListParams>()({
    ...paging,
    ...expandable(),
    type: z.string().optional(),
    types: z.array(z.string()).max(20).optional(),
    created: created.optional(),
    delivery_success: flag.optional(),
  }),
  ({ objects }, { type, types, created, delivery_success, ...page }) => {
    const events = Object.values(objects.events).filter(
      (event) =>
        (type === undefined || matches(event.type, type)) &&
        (types === undefined || types.some((wanted) => matches(event.type, wanted))) &&
        (delivery_success === undefined || (event.pending_webhooks === 0) === delivery_success) &&
        (created === undefined || created(event.created)),
    )
    return pageOf(events, '/v1/events', page)
  },
)

/** `invoice.*` stands for every event of invoices. */
function matches(type: string, wanted: string): boolean {
  return wanted.endsWith('.*') ? type.startsWith(wanted.slice(0, -1)) : type === wanted
}

const retrieve = route(
  'GET',
  '/v1/events/:id',
  paramsOf<Stripe.EventRetrieveParams>()(expandable()),
  ({ objects }, _, id) => {
    const event = objects.events[id]
    if (!event) throw noSuch('event', id)
    return event
  },
)

export const eventRoutes = [list, retrieve]
