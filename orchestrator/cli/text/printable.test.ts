import { describe, expect, test } from 'vitest'
import { bad, paint } from './line.ts'
import { printable } from './printable.ts'

describe('printable', () => {
  test.each([
    ['an ANSI escape', '\u001b[2Jgone', '\\e[2Jgone'],
    ['an 8-bit control', '\u009b31m', '\\u{009b}31m'],
    ['a line break and a tab', 'a\r\nb\tc', 'a\\r\\nb\\tc'],
    ['a text that turns direction', 'invoice\u202egnp.exe', 'invoice\\u{202e}gnp.exe'],
    ['an isolate', '\u2066x\u2069', '\\u{2066}x\\u{2069}'],
    ['what nobody can see', 'a\u200bb\ufeff\u{e0041}', 'a\\u{200b}b\\u{feff}\\u{e0041}'],
    ['a line separator', 'a\u2028b', 'a\\u{2028}b'],
    ['half a character', 'a\ud800b', 'a\\u{d800}b'],
  ])('writes out %s', (_what, text, shown) => {
    expect(printable(text)).toBe(shown)
  })

  test('leaves text of all scripts and emoji as it is', () => {
    const text = 'Zoë · Łódź · 株式会社 · شركة · 👩‍💻 ✓'
    expect(printable(text)).toBe(text)
  })

  test('changes nothing the second time', () => {
    const once = printable('\u001b[31m\u202e')
    expect(printable(once)).toBe(once)
  })
})

describe('paint', () => {
  test('puts no escape but its own into a line', () => {
    expect(paint(['a\u001b[1m', bad('b\u001b]0;title\u0007')], true)).toBe(
      'a\\e[1m\u001b[31mb\\e]0;title\\u{0007}\u001b[39m',
    )
  })

  test('puts none at all into a line without colours', () => {
    expect(paint([bad('✗'), ' x'], false)).toBe('✗ x')
  })
})
