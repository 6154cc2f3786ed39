import { expect, test } from 'vitest'
import { periodEnd } from './billing-period.ts'
import { shippedCatalogue } from './shipped-catalogue.ts'

const { prices } = shippedCatalogue(0)
const at = (day: string) => Date.parse(`${day}T09:30:00Z`) / 1000

test.each([
  ['team_monthly', '2026-01-15', '2026-01-15', '2026-02-15'],
  ['team_monthly', '2026-01-31', '2026-01-31', '2026-02-28'],
  ['team_monthly', '2026-01-31', '2026-02-28', '2026-03-31'],
  ['team_monthly', '2026-12-05', '2026-12-05', '2027-01-05'],
  ['team_yearly', '2028-02-29', '2028-02-29', '2029-02-28'],
  ['team_yearly', '2028-02-29', '2031-02-28', '2032-02-29'],
])('a period of %s anchored at %s and begun on %s ends on %s', (key, anchor, start, end) => {
  const price = prices[`price_${key}`]
  if (!price) throw new Error(`the catalogue has no ${key}`)
  expect(periodEnd(at(anchor), at(start), price)).toBe(at(end))
})
