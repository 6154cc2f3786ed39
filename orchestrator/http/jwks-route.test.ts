import { expect, test } from 'vitest'
import { jwksRoute } from './jwks-route.ts'

test('publishes the keys, to be kept for less time than a new key is announced before it signs', async () => {
  const keys = [{ kty: 'OKP', crv: 'Ed25519', x: 'AA', kid: 'k1' }]
  const response = await jwksRoute({ published: async () => ({ keys }) }).routes.request('/.well-known/jwks.json')
  expect(response.headers.get('cache-control')).toBe('public, max-age=600')
  expect(await response.json()).toEqual({ keys })
})
