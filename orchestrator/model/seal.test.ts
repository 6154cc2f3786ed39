import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSealer, digestSealed, redactSealed, SealError } from './seal.ts'

const key = (byte: number) => new Uint8Array(32).fill(byte)
const sealer = createSealer('run-1', key(1))

describe('a sealed value', () => {
  it('opens to what was sealed and shows nothing of it', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const plain = JSON.parse(JSON.stringify(value))
        expect(sealer.open(sealer.seal(plain, '/a'))).toEqual(plain)
      }),
    )
    const sealed = sealer.seal('hunter2', '/password')
    expect(JSON.stringify(sealed)).not.toContain('hunter2')
    expect(sealed.$sealed).toMatch(/^v1(\.[\w-]+){3}$/)
  })

  it('does not open for another run, under another key, or altered', () => {
    const sealed = sealer.seal('x', '/a')
    const [version, iv, body, mac] = sealed.$sealed.split('.')
    const otherMac = sealer.seal('y', '/a').$sealed.split('.')[3]
    for (const open of [
      () => createSealer('run-2', key(1)).open(sealed),
      () => createSealer('run-1', key(2)).open(sealed),
      () => sealer.open({ $sealed: [version, iv, `A${body}`, mac].join('.') }),
      () => sealer.open({ $sealed: [version, iv, body, otherMac].join('.') }),
      () => sealer.open({ $sealed: 'v2.a.b.c' }),
      () => sealer.open({ $sealed: 'v1.a.b.c' }),
    ])
      expect(open).toThrow(SealError)
  })
})

describe('digests', () => {
  it('are the same for the same content however often it was sealed, and differ for other content or another place', () => {
    const digestOf = (value: string, context: string) =>
      digestSealed({ user: 'ann', password: sealer.seal(value, context) })
    expect(digestOf('x', '/p')).toBe(digestOf('x', '/p'))
    expect(digestOf('x', '/p')).not.toBe(digestOf('y', '/p'))
    expect(digestOf('x', '/p')).not.toBe(digestOf('x', '/q'))
  })
})

it('redaction hides every sealed leaf and nothing else', () => {
  const sealed = sealer.seal('x', '/a')
  expect(redactSealed({ a: [sealed, 1], b: sealed, c: { $sealed: 'x', more: 1 } })).toEqual({
    a: ['[sealed]', 1],
    b: '[sealed]',
    c: { $sealed: 'x', more: 1 },
  })
})
