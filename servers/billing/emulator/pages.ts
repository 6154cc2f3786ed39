import type { ListOf } from './objects.ts'
import { invalidParameter, noSuch } from './stripe-rejection.ts'

interface Paging {
  limit: number
  starting_after?: string | undefined
  ending_before?: string | undefined
}

/** One page by cursor, the newest first; `items` come in the order of their making. */
export function pageOf<T extends { id: string }>(items: T[], url: string, paging: Paging): ListOf<T> {
  const newestFirst = items.toReversed()
  const { limit, starting_after, ending_before } = paging
  if (ending_before !== undefined) {
    const end = positionOf(newestFirst, ending_before, 'ending_before')
    const start = Math.max(0, end - limit)
    return { object: 'list', data: newestFirst.slice(start, end), has_more: start > 0, url }
  }
  const start = starting_after === undefined ? 0 : positionOf(newestFirst, starting_after, 'starting_after') + 1
  const data = newestFirst.slice(start, start + limit)
  return { object: 'list', data, has_more: start + data.length < newestFirst.length, url }
}

/** One page of a search, the newest first; its token is opaque, as Stripe's is. */
export function searchPageOf<T>(
  items: T[],
  url: string,
  { limit, page }: { limit: number; page?: string | undefined },
) {
  const start = page === undefined ? 0 : Number(/^from:(\d+)$/.exec(Buffer.from(page, 'base64url').toString())?.[1])
  if (Number.isNaN(start)) throw invalidParameter('page', 'Invalid page token.')
  const end = start + limit
  const has_more = end < items.length
  return {
    object: 'search_result',
    data: items.toReversed().slice(start, end),
    has_more,
    next_page: has_more ? Buffer.from(`from:${end}`).toString('base64url') : null,
    url,
  }
}

function positionOf<T extends { id: string }>(items: T[], id: string, param: string): number {
  const position = items.findIndex((item) => item.id === id)
  if (position < 0) throw noSuch('object', id, param, 400)
  return position
}
