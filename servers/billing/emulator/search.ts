import { invalidParameter, unsupported } from './stripe-rejection.ts'

const clause = /^metadata\[(["'])([^"']+)\1\]:(["'])((?:\\.|(?!\3)[^\\])*)\3$/

/**
 * A test of metadata by a query of Stripe's search language. Only `metadata['key']:'value'` clauses joined by `AND` are
 * understood. Unlike Stripe, whose index lags by up to a minute, the answer is exact at once.
 */
export function parseQuery(query: string): (metadata: Record<string, string>) => boolean {
  if (query.trim() === '') throw invalidParameter('query', 'The query must not be empty.')
  const wanted = query.split(/\s+AND\s+/i).map((part) => {
    const match = clause.exec(part.trim())
    if (!match) throw unsupported(`the search clause ${part.trim()}`)
    const [, , key = '', , value = ''] = match
    return { key, value: value.replace(/\\(.)/g, '$1') }
  })
  return (metadata) => wanted.every(({ key, value }) => metadata[key] === value)
}
