import type { ListOf } from './objects.ts'
import { noSuch } from './stripe-rejection.ts'

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

function positionOf<T extends { id: string }>(items: T[], id: string, param: string): number {
  const position = items.findIndex((item) => item.id === id)
  if (position < 0) throw noSuch('object', id, param, 400)
  return position
}
