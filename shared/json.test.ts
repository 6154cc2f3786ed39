import { describe, expect, it } from 'vitest'
import { canonicalJson, digest, isJsonObject } from './json.ts'

describe('canonicalJson', () => {
  it('orders keys by UTF-16 code units and writes numbers as RFC 8785 says', () => {
    expect(canonicalJson({ b: 1e21, a: [0.1, -0], '\u20ac': 'x', '\u{1f600}': 'y' })).toBe(
      '{"a":[0.1,0],"b":1e+21,"\u20ac":"x","\u{1f600}":"y"}',
    )
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
