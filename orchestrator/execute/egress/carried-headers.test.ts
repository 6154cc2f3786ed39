import { expect, test } from 'vitest'
import { requestHeaders, responseHeaders } from './carried-headers.ts'

test('without a credential of ours, what the server sets itself goes out', () => {
  const headers = { authorization: 'Bearer its-own', 'content-type': 'text/plain', host: 'x' }
  expect(requestHeaders({ headers }, [])).toEqual({ authorization: 'Bearer its-own', 'content-type': 'text/plain' })
})

test('with one, only ours does, and the body comes back readable', () => {
  const headers = { authorization: 'Bearer its-own', cookie: 'a=b', 'accept-encoding': 'gzip', accept: '*/*' }
  expect(requestHeaders({ headers }, [['x-key', 'ours']])).toEqual({
    accept: '*/*',
    'x-key': 'ours',
    'accept-encoding': 'identity',
  })
})

test('an answer keeps what the client needs, and loses what belongs to its connection or would not be true any more', () => {
  const headers = {
    'content-type': 'application/json',
    'request-id': 'req_1',
    'content-length': '10',
    connection: 'x-hop',
    'x-hop': '1',
    digest: 'sha-256=x',
    'x-echo': 'the-secret-value',
    'retry-after': '2',
  }
  expect(responseHeaders(headers, ['the-secret-value'])).toEqual({
    'content-type': 'application/json',
    'request-id': 'req_1',
    'x-echo': '[redacted]',
    'retry-after': '2',
  })
})
