import { describe, expect, test } from 'vitest'
import { between, duration, elapsed } from './duration.ts'
import { block, cutLine, name, paint, paragraph, spread } from './line.ts'
import { table } from './table.ts'
import { cut, displayWidth, padEnd, wrap } from './width.ts'

const painted = (lines: Parameters<typeof paint>[0][]) => lines.map((line) => paint(line, false))

describe('width', () => {
  test('counts wide characters twice, marks not at all, and what is written out as it is written', () => {
    expect(displayWidth('株式')).toBe(4)
    expect(displayWidth('e\u0301')).toBe(1)
    expect(displayWidth('\u001b')).toBe(2)
  })

  test('cuts to the columns it is given, also between wide characters', () => {
    expect(cut('organization', 6)).toBe('organ…')
    expect(displayWidth(cut('株式会社', 4))).toBeLessThanOrEqual(4)
    expect(cut('short', 5)).toBe('short')
  })

  test('pads by columns, not by characters', () => {
    expect(padEnd('株', 4)).toBe('株  ')
  })

  test('wraps at white space and breaks only words that are too long', () => {
    expect(wrap('one two  three\nfour', 9)).toEqual(['one two', 'three', 'four'])
    expect(wrap('abcdefgh ij', 3)).toEqual(['abc', 'def', 'gh', 'ij'])
  })
})

describe('lines', () => {
  test('indents what follows the first line of a paragraph', () => {
    expect(painted(paragraph(['name  '], 'a long text about a thing', 26))).toEqual([
      'name  a long text about a',
      '      thing',
    ])
  })

  test('starts every line of a block alike', () => {
    expect(painted(block(['│ '], 'one two three four five six', 24))).toEqual(['│ one two three four', '│ five six'])
  })

  test('cuts the left part where there is no room for both', () => {
    expect(painted([spread(['left'], ['right'], 20), spread(['left', ' over'], ['right'], 11)])).toEqual([
      'left           right',
      'left… right',
    ])
  })

  test('are cut to the columns they are given, whatever they are made of', () => {
    const line = [name('one'), ' ', name('two'), ' three']
    expect(painted([9, 8, 7, 5, 4, 3].map((columns) => cutLine(line, columns)))).toEqual([
      'one two …',
      'one two…',
      'one tw…',
      'one …',
      'one…',
      'on…',
    ])
    expect(cutLine(line, 13)).toBe(line)
  })
})

describe('table', () => {
  const columns = [{ title: 'n', align: 'right' as const }, { title: 'text' }]

  test('aligns columns and cuts nothing where nothing says how wide it may be', () => {
    const long = 'x'.repeat(200)
    expect(
      painted(
        table(columns, [
          ['1', 'a'],
          ['20', long],
        ]),
      ),
    ).toEqual([' n  text', `──  ${'─'.repeat(200)}`, ' 1  a', `20  ${long}`])
  })

  test('cuts the widest column until a row fits', () => {
    const lines = painted(table(columns, [['1', 'y'.repeat(50)]], 20))
    expect(lines[2]).toBe(`1  ${'y'.repeat(16)}…`)
  })
})

describe('durations', () => {
  test.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [1240, '1.24 s'],
    [59_999, '1 min 00 s'],
    [125_000, '2 min 05 s'],
    [3_599_999, '1 h 00 min'],
    [11_400_000, '3 h 10 min'],
  ])('%i ms reads %s', (ms, text) => {
    expect(duration(ms)).toBe(text)
  })

  test.each([
    [21, '0.021s'],
    [125_000, '2:05'],
    [11_405_000, '3:10:05'],
  ])('%i ms into a run reads %s', (ms, text) => {
    expect(elapsed(ms)).toBe(text)
  })

  test('measures between two instants', () => {
    expect(between('2026-01-01T00:00:00.000Z', '2026-01-01T00:00:01.500Z')).toBe(1500)
  })
})
