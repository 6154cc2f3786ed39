import { expect, test } from 'vitest'
import { networkError } from './remote-error.ts'

/** As `fetch` throws it. */
function fetchFailed(code: string, syscall?: string): Error {
  const cause = Object.assign(new Error(code), { code, ...(syscall !== undefined && { syscall }) })
  return new TypeError('fetch failed', { cause })
}

test.each([
  ['ECONNREFUSED', 'connect'],
  ['EHOSTUNREACH', 'connect'],
  ['ETIMEDOUT', 'connect'],
  ['ENOTFOUND', 'getaddrinfo'],
  ['UND_ERR_CONNECT_TIMEOUT', undefined],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', undefined],
  ['ERR_SSL_WRONG_VERSION_NUMBER', undefined],
])('after %s of %s nothing was sent, and another instance may be asked', (code, syscall) => {
  const error = networkError('billing', fetchFailed(code, syscall))
  expect(error).toMatchObject({ mayHaveHappened: false, message: `billing cannot be reached (${code})` })
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
])('after %s of %s the call may have happened, and is not made again', (code, syscall) => {
  expect(networkError('billing', fetchFailed(code, syscall))).toMatchObject({ mayHaveHappened: true })
})

test('where several addresses were tried, none took it', () => {
  const tried = [4, 6].map(() => Object.assign(new Error('refused'), { code: 'ECONNREFUSED', syscall: 'connect' }))
  const all = Object.assign(new AggregateError(tried), { code: 'ECONNREFUSED' })
  expect(networkError('billing', new TypeError('fetch failed', { cause: all }))).toMatchObject({
    mayHaveHappened: false,
  })
})
