import { expect, test } from 'vitest'
import { diffLines } from './diff-lines.ts'
import { paint } from './line.ts'

const shown = (was: string, is: string) => diffLines(was, is).map((line) => paint(line, false))

test('shows what was, then what is, and a little of what stayed', () => {
  expect(shown('a\nb\nc\nd\ne\nf\ng\nh', 'a\nb\nc\nD\nE\nf\ng\nh')).toEqual([
    '  …',
    '  b',
    '  c',
    '- d',
    '- e',
    '+ D',
    '+ E',
    '  f',
    '  g',
    '  …',
  ])
})

test('says nothing of texts that are the same', () => {
  expect(diffLines('same', 'same')).toEqual([])
})

test.each([
  ['a zero-width space', 'send\u200b it', '+ send\\u{200b} it'],
  ['a joiner', 'send\u200d it', '+ send\\u{200d} it'],
  ['a turn of direction', 'send \u202eti', '+ send \\u{202e}ti'],
  ['tags, which only models read', 'ok\u{e0041}\u{e0042}', '+ ok\\u{e0041}\\u{e0042}'],
  ['a variation selector', 'ok\ufe0f', '+ ok\\u{fe0f}'],
  ['an escape', 'ok\u001b[2K', '+ ok\\e[2K'],
])('writes %s out', (_, text, line) => {
  expect(shown('send it', text)).toContain(line)
})
