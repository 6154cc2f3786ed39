import { expect, test } from 'vitest'
import { networkError } from './remote-error.ts'

/** As `fetch` throws it. */
function fetchFailed(code: string, syscall?: string): Error {
  const cause = Object.assign(new Error(code), { code, ...(syscall !== undefined && { syscall }) })
  return new TypeError('fetch failed', { cause })
}

test('what was never sent may be asked of another instance', () => {
  const error = networkError('billing', fetchFailed('EHOSTUNREACH', 'connect'))
  expect(error).toMatchObject({ mayHaveHappened: false, message: 'billing cannot be reached (EHOSTUNREACH)' })
})

test('what was sent may have happened, and is not made again', () => {
  const error = networkError('billing', fetchFailed('EHOSTUNREACH', 'read'))
  expect(error).toMatchObject({ mayHaveHappened: true, message: 'the connection to billing broke (EHOSTUNREACH)' })
})
