import canonicalize from 'canonicalize'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson, digest, isJsonObject } from './json.ts'

describe('canonicalJson', () => {
  it('orders keys by UTF-16 code units and writes numbers as RFC 8785 says', () => {
    expect(canonicalJson({ b: 1e21, a: [0.1, -0], '\u20ac': 'x', '\u{1f600}': 'y' })).toBe(
      '{"a":[0.1,0],"b":1e+21,"\u20ac":"x","\u{1f600}":"y"}',
    )
  })

  it('writes every JSON value as the reference implementation of RFC 8785 does', () => {
    const key = fc.oneof(fc.string(), fc.constantFrom('__proto__', '10', '9', '"', '\\', '\n', '\u007f', 'é', '😀'))
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'grapheme' }), fc.dictionary(key, fc.double()), (value, numbers) => {
        const text = canonicalJson({ value, numbers: JSON.parse(JSON.stringify(numbers)) })
        expect(text).toBe(canonicalize({ value, numbers: JSON.parse(JSON.stringify(numbers)) }))
      }),
    )
  })

  it.each([31, 32, 33, 100])('orders %i keys', (count) => {
    const keys = Array.from({ length: count }, (_, index) => `key ${(index * 37) % count}`)
    const value = Object.fromEntries(keys.map((key) => [key, 0]))
    expect(canonicalJson(value)).toBe(canonicalize(value))
  })

  it('leaves undefined members out', () => {
    expect(canonicalJson({ b: undefined, a: [], c: {} })).toBe('{"a":[],"c":{}}')
  })

  it.each([
    ['a lone surrogate', '\ud800'],
    ['a value that is not plain', { at: new Date(0) }],
    ['a function', [() => 1]],
  ])('refuses %s', (_, value) => {
    expect(() => canonicalJson(value)).toThrow(TypeError)
  })

  it.each([[Number.NaN], [Number.POSITIVE_INFINITY], [undefined]])('refuses %s, which JSON cannot hold', (value) => {
    expect(() => canonicalJson(value)).toThrow()
  })
})

describe('digest', () => {
  it('is SHA-256 over the canonical text', () => {
    expect(digest({ b: 1, a: 2 })).toBe(digest({ a: 2, b: 1 }))
    expect(digest({})).toBe('sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a')
  })
})

describe('isJsonObject', () => {
  it.each([[null], [[]], ['x'], [7]])('is false for %j', (value) => {
    expect(isJsonObject(value)).toBe(false)
  })
})
