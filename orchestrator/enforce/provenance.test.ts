import { expect, test } from 'vitest'
import { goal } from './fixtures/shop.ts'
import { literalOriginIn } from './provenance.ts'

const origin = literalOriginIn(
  goal({
    arguments: {
      'shop.channel': '#sales',
      'shop.options': { tags: ['new'], notify: true },
      'shop.body': { $text: 'Welcome {shop.name|friend}, enjoy' },
    },
    on_trouble: { fact: 'shop.note', arguments: { 'shop.channel': '#alerts' } },
  }),
)

test.each([
  ['#sales', 'goal'],
  ['#alerts', 'goal'],
  ['new', 'goal'],
  [true, 'goal'],
  ['Welcome ', 'goal'],
  [', enjoy', 'goal'],
  ['friend', 'goal'],
  ['#elsewhere', 'model'],
  ['shop.channel', 'model'],
  [false, 'model'],
  [null, 'model'],
])('%j is from the %s', (literal, from) => {
  expect(origin(literal)).toBe(from)
})
