import { text } from 'node:stream/consumers'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { scrubStream, scrubText, scrubWhole } from './scrub-stream.ts'
import { secretForms } from './secret-forms.ts'

const secret = 'sk_live_a/b+c=ü"1'
const forms = secretForms([secret])
const base64 = (before: string, after: string) => Buffer.from(`${before}${secret}${after}`).toString('base64')

describe('a secret is taken out', () => {
  test.each([
    ['as it is', secret],
    ['in a URL', encodeURIComponent(secret)],
    ['in a form', encodeURIComponent(secret).toLowerCase().replaceAll('%c3%bc', '%c3%bc')],
    ['in JSON', JSON.stringify({ error: `bad key ${secret}` })],
    ['in hexadecimal', Buffer.from(secret).toString('hex')],
    ['as the password of Basic', base64('user:', '')],
    ['as the user of Basic', base64('', ':')],
    ['in base64 after two characters', base64('ab', 'cd')],
    ['in base64 after one character', base64('x', 'y')],
    ['in base64 for URLs', Buffer.from(`{"key":"${secret}"}`).toString('base64url')],
  ])('%s', (_, stated) => {
    const bytes = Buffer.from(`before ${stated} after`).toString('latin1')
    const clean = Buffer.from(scrubWhole(bytes, forms), 'latin1').toString()
    expect(clean).toContain('[redacted]')
    expect(clean).toMatch(/^before .* after$/s)
    expect(forms.filter((form) => clean.includes(form))).toEqual([])
  })

  test('wherever the stream is cut, and nothing else changes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(fc.string(), fc.constantFrom(secret, 'sk_live_', 'sk_live_a/b+c', encodeURIComponent(secret))),
        ),
        fc.array(fc.nat(40), { minLength: 1 }),
        async (parts, cuts) => {
          const whole = Buffer.from(parts.join(''))
          const stream = scrubStream(forms)
          const read = text(stream)
          let at = 0
          for (let turn = 0; at < whole.length; turn += 1) {
            const size = 1 + (cuts[turn % cuts.length] ?? 0)
            stream.write(whole.subarray(at, at + size))
            at += size
          }
          stream.end()
          const expected = Buffer.from(scrubWhole(whole.toString('latin1'), forms), 'latin1').toString()
          const clean = await read
          expect(clean).toBe(expected)
          expect(clean).not.toContain(secret)
        },
      ),
    )
  })

  test('as a whole where one secret begins with another', () => {
    expect(scrubWhole('a secret-and-more b secret-and c', secretForms(['secret-and', 'secret-and-more']))).toBe(
      'a [redacted] b [redacted] c',
    )
  })
})

test('what cannot be the beginning of a secret is not held back', () => {
  const scrubber = scrubText(forms)
  expect(scrubber.push('data: 1\n\n')).toBe('data: 1\n\n')
  expect(scrubber.push('data: sk_li')).toBe('data: ')
  expect(scrubber.push('ve')).toBe('')
  expect(scrubber.push('r')).toBe('sk_liver')
  expect(scrubber.push('sk_live_')).toBe('')
  expect(scrubber.end()).toBe('sk_live_')
})

test('a value too short to be told from other text is left', () => {
  expect(secretForms(['abc'])).toEqual([])
})
