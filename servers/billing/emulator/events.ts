import { z } from 'zod'
import { pageOf } from './pages.ts'
import { expandable, flag, integer, paging } from './params.ts'
import { route } from './route.ts'
import { noSuch } from './stripe-rejection.ts'

const instant = integer({ min: 0 })
/** An instant, or bounds of it. */
const created = z.union([
  instant.transform((at) => (time: number) => time === at),
  z
    .strictObject({ gt: instant.optional(), gte: instant.optional(), lt: instant.optional(), lte: instant.optional() })
    .transform(({ gt = -1, gte = 0, lt = Number.POSITIVE_INFINITY, lte = Number.POSITIVE_INFINITY }) => {
      return (time: number) => time > gt && time >= gte && time < lt && time <= lte
    }),
])

const list = route(
  'GET',
  '/v1/events',
  z.strictObject({
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

const retrieve = route('GET', '/v1/events/:id', z.strictObject(expandable()), ({ objects }, _, id) => {
  const event = objects.events[id]
  if (!event) throw noSuch('event', id)
  return event
})

export const eventRoutes = [list, retrieve]
