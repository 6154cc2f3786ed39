import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatPointer, getAt, mapAt, matchPointers, parsePointer } from './json-pointer.ts'

const document = { a: { 'b/c~': [{ id: 1 }, { id: 2 }, { other: 3 }] }, list: ['x', 'y'] }

describe('JSON pointers', () => {
  it('come back as the tokens they were made of, whatever these hold', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (tokens) => {
        expect(parsePointer(formatPointer(tokens))).toEqual(tokens)
      }),
    )
  })

  it('refuse to begin without a slash', () => {
    expect(() => parsePointer('a/b')).toThrow(/must start with "\/"/)
  })

  it.each([
    ['', document],
    ['/a/b~1c~0/1/id', 2],
    ['/list/0', 'x'],
    ['/list/01', undefined],
    ['/list/-1', undefined],
    ['/list/length', undefined],
    ['/a/toString', undefined],
    ['/a/__proto__', undefined],
    ['/list/0/0', undefined],
  ])('%j finds own values only', (pointer, value) => {
    expect(getAt(document, pointer)).toEqual(value)
  })
})

describe('matchPointers', () => {
  it('takes * for every index at which the rest exists', () => {
    expect(matchPointers(document, '/a/b~1c~0/*/id')).toEqual(['/a/b~1c~0/0/id', '/a/b~1c~0/1/id'])
    expect(matchPointers(document, '/a/*')).toEqual([])
    expect(matchPointers(document, '/none/*')).toEqual([])
  })
})

describe('mapAt', () => {
  it('changes the matches in a copy', () => {
    const seen: string[] = []
    const changed = mapAt(document, ['/list/*', '/nothing'], (value, pointer) => {
      seen.push(pointer)
      return `[${String(value)}]`
    })
    expect(changed).toEqual({ ...document, list: ['[x]', '[y]'] })
    expect(seen).toEqual(['/list/0', '/list/1'])
    expect(document.list).toEqual(['x', 'y'])
  })

  it('changes the whole document at the empty pointer', () => {
    expect(mapAt('secret', [''], () => 'sealed')).toBe('sealed')
  })
})
