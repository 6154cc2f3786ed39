import { expect, test } from 'vitest'
import { listPrices, mostCost, usageOf, withPrices } from './prices.ts'

const tokens = { input: 1_000_000, output: 100_000, cache_read: 2_000_000, cache_write: 10_000 }

test('a call costs what its tokens do, each kind at its own price', () => {
  expect(usageOf('claude-opus-5-5', tokens, listPrices)).toEqual({
    model_calls: 1,
    input_tokens: 3_010_000,
    output_tokens: 100_000,
    cost_usd: 4 + 2 + 0.8 + 0.05,
    cache_read_tokens: 2_000_000,
    cache_write_tokens: 10_000,
  })
})

test('a dated name of a model costs what the model does', () => {
  const dated = usageOf('claude-haiku-5-5-20261001', tokens, listPrices)
  expect(dated.cost_usd).toBe(usageOf('claude-haiku-5-5', tokens, listPrices).cost_usd)
})

test('a model that nobody knows counts as the dearest, until its price is given', () => {
  expect(usageOf('local', tokens, listPrices).cost_usd).toBe(usageOf('claude-opus-5-5', tokens, listPrices).cost_usd)
  expect(usageOf('constructor', tokens, listPrices).cost_usd).toBe(usageOf('local', tokens, listPrices).cost_usd)
  const free = { input: 0, output: 0, cache_read: 0, cache_write: 0 }
  expect(usageOf('local', tokens, withPrices(listPrices, { local: free })).cost_usd).toBe(0)
})

test('what a call may cost is never less than what it does', () => {
  const { cost_usd, input_tokens, output_tokens } = usageOf('claude-opus-5-5', tokens, listPrices)
  expect(mostCost('claude-opus-5-5', input_tokens, output_tokens, listPrices)).toBeGreaterThanOrEqual(cost_usd)
})
