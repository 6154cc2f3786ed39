import type { Usage } from '../../model/decision.ts'

/** US dollars per million tokens; reads from and writes to the prompt cache have prices of their own. */
export interface Price {
  input: number
  output: number
  cache_read: number
  cache_write: number
}

/** What models cost, and since when that is so. Configuration may override each. */
export interface PriceTable {
  /** The day on which the figures were looked up, RFC 3339. */
  as_of: string
  models: Readonly<Record<string, Price>>
}

/** List prices. A cache write is the one that lives for five minutes. */
export const listPrices: PriceTable = {
  as_of: '2026-11-24',
  models: {
    'claude-opus-5-5': { input: 4, output: 20, cache_read: 0.4, cache_write: 5 },
    'claude-sonnet-5-5': { input: 2, output: 10, cache_read: 0.2, cache_write: 2.5 },
    'claude-haiku-5-5': { input: 0.1, output: 0.5, cache_read: 0.01, cache_write: 0.125 },
  },
}

/** The table with the prices that an operator knows better. */
export function withPrices(table: PriceTable, models: PriceTable['models']): PriceTable {
  return { ...table, models: { ...table.models, ...models } }
}

/** Tokens of one answer, as the endpoint counted them. `input` is what came from no cache. */
export interface TokenCounts {
  input: number
  output: number
  cache_read: number
  cache_write: number
}

/** One call of a model as usage. A model that the table does not know counts as the dearest one that it knows. */
export function usageOf(model: string, tokens: TokenCounts, table: PriceTable): Usage {
  const price = priceOf(model, table)
  const millionths =
    tokens.input * price.input +
    tokens.output * price.output +
    tokens.cache_read * price.cache_read +
    tokens.cache_write * price.cache_write
  return {
    model_calls: 1,
    input_tokens: tokens.input + tokens.cache_read + tokens.cache_write,
    output_tokens: tokens.output,
    cost_usd: rounded(millionths),
    cache_read_tokens: tokens.cache_read,
    cache_write_tokens: tokens.cache_write,
  }
}

/** What a call may cost at most: nothing of its input is in the cache, and it writes as much as it may. */
export function mostCost(model: string, inputTokens: number, outputTokens: number, table: PriceTable): number {
  const price = priceOf(model, table)
  return rounded(inputTokens * Math.max(price.input, price.cache_write) + outputTokens * price.output)
}

function priceOf(model: string, { models }: PriceTable): Price {
  const known = [model, model.replace(/-\d{8}$/, '')].find((name) => Object.hasOwn(models, name))
  const price = known === undefined ? undefined : models[known]
  if (price) return price
  const all = Object.values(models)
  const dearest = (part: keyof Price) => Math.max(0, ...all.map((price) => price[part]))
  return {
    input: dearest('input'),
    output: dearest('output'),
    cache_read: dearest('cache_read'),
    cache_write: dearest('cache_write'),
  }
}

/** Sums of dollars that differ in the 12th place only are the same: a millionth of a cent is enough. */
function rounded(millionths: number): number {
  return Math.round(millionths * 100) / 100_000_000
}
