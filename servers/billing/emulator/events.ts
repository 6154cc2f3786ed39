import { z } from 'zod'
import { pageOf } from './pages.ts'
import { expandable, paging } from './params.ts'
import { route } from './route.ts'
import { noSuch } from './stripe-rejection.ts'

const list = route(
  'GET',
  '/v1/events',
  z.strictObject({ ...paging, ...expandable(), type: z.string().optional() }),
  ({ objects }, { type, ...page }) => {
    const events = Object.values(objects.events).filter((event) => type === undefined || event.type === type)
    return pageOf(events, '/v1/events', page)
  },
)

const retrieve = route('GET', '/v1/events/:id', z.strictObject(expandable()), ({ objects }, _, id) => {
  const event = objects.events[id]
  if (!event) throw noSuch('event', id)
  return event
})

export const eventRoutes = [list, retrieve]
