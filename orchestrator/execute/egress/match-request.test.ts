import { describe, expect, test } from 'vitest'
import { parseTarget, pathBelow, ruleAllows } from './match-request.ts'

describe('parseTarget', () => {
  test.each([
    ['/v1/customers?limit=1&email=a%2Fb', { path: '/v1/customers', query: '?limit=1&email=a%2Fb' }],
    ['/', { path: '/', query: '' }],
    ['/v1/', { path: '/v1/', query: '' }],
    ['/users/ada%40acme.example', { path: '/users/ada%40acme.example', query: '' }],
  ])('takes %s apart', (target, parts) => {
    expect(parseTarget(target)).toEqual(parts)
  })

  test.each([
    'http://other.example/v1',
    '//other.example/v1',
    '/v1/../admin',
    '/v1/./x',
    '/v1//x',
    '/v1/%2e%2e/admin',
    '/v1/%2E./admin',
    '/v1%2Fadmin',
    '/v1/%5c..',
    '/v1/\\admin',
    '/v1/x#y',
    '/v1/x;y=1',
    '/v1/%252e',
    '/v1/%00',
    '/v1/ x',
    '/v1/é',
    '*',
    '',
  ])('refuses %j, which two servers might read as two paths', (target) => {
    expect(parseTarget(target)).toBeUndefined()
  })
})

test.each([
  ['/', '/v1/x', '/v1/x'],
  ['/api/', '/api/chat.delete', '/chat.delete'],
  ['/api', '/api', '/'],
  ['/api', '/apis/x', undefined],
  ['/api', '/v1', undefined],
])('below %s, %s is %s', (base, path, below) => {
  expect(pathBelow(base, path)).toBe(below)
})

describe('ruleAllows', () => {
  const rule = { endpoint: 'API', methods: ['GET' as const], paths: ['/v1/customers/{customer}', '/v1/prices'] }
  test.each([
    ['API', 'GET', '/v1/prices', true],
    ['API', 'GET', '/v1/customers/cus_1', true],
    ['API', 'POST', '/v1/prices', false],
    ['API', 'get', '/v1/prices', false],
    ['OTHER', 'GET', '/v1/prices', false],
    ['API', 'GET', '/v1/prices/', false],
    ['API', 'GET', '/v1/Prices', false],
    ['API', 'GET', '/v1/customers/', false],
    ['API', 'GET', '/v1/customers/cus_1/sources', false],
    ['API', 'GET', '/v1/customers', false],
  ])('%s %s %s: %s', (endpoint, method, path, allowed) => {
    expect(ruleAllows(rule, { endpoint, method, path })).toBe(allowed)
  })
})
