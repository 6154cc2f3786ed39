import { expect, test } from 'vitest'
import { neverSent } from './never-sent.ts'

const failed = (code: string, syscall?: string) =>
  Object.assign(new Error(code), { code, ...(syscall !== undefined && { syscall }) })
/** As `fetch` throws it. */
const wrapped = (cause: unknown) => new TypeError('fetch failed', { cause })

test.each([
  ['ECONNREFUSED', 'connect'],
  ['EHOSTUNREACH', 'connect'],
  ['ETIMEDOUT', 'connect'],
  ['ENOTFOUND', 'getaddrinfo'],
  ['UND_ERR_CONNECT_TIMEOUT', undefined],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', undefined],
  ['ERR_SSL_WRONG_VERSION_NUMBER', undefined],
])('%s of %s comes before anything was sent', (code, syscall) => {
  expect(neverSent(failed(code, syscall))).toBe(true)
  expect(neverSent(wrapped(failed(code, syscall)))).toBe(true)
})

test.each([
  ['ECONNRESET', 'read'],
  ['EHOSTUNREACH', 'read'],
  ['ETIMEDOUT', 'read'],
  ['ENETUNREACH', 'write'],
  ['EPIPE', 'write'],
  ['ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC', undefined],
  ['ERR_SSL_SSLV3_ALERT_BAD_RECORD_MAC', undefined],
  ['UND_ERR_SOCKET', undefined],
])('%s of %s proves nothing', (code, syscall) => {
  expect(neverSent(failed(code, syscall))).toBe(false)
  expect(neverSent(wrapped(failed(code, syscall)))).toBe(false)
})

test('where several addresses were tried, none took it', () => {
  const all = Object.assign(new AggregateError([failed('ECONNREFUSED', 'connect')]), { code: 'ECONNREFUSED' })
  expect(neverSent(wrapped(all))).toBe(true)
})

test.each([undefined, 'ECONNREFUSED', { code: 'ECONNREFUSED' }, new Error('no code')])(
  '%j is no such error',
  (value) => {
    expect(neverSent(value)).toBe(false)
  },
)
