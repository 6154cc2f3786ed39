import { generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FakeIssuer, openFakeIssuer } from '../../test/support/fake-issuer.ts'
import { type Issuer, openTokens } from './tokens.ts'

let fake: FakeIssuer
let issuer: Issuer

beforeAll(async () => {
  fake = await openFakeIssuer()
  issuer = {
    url: fake.url,
    audience: 'remit',
    tenant: { claim: 'org' },
    scopes_claim: 'scope',
    ceiling: { cost_usd: 1 },
    requests_per_minute: 60,
  }
})
afterAll(async () => fake[Symbol.asyncDispose]())

const claims = { sub: 'ann', org: 'acme', scope: 'runs:read runs:write fly' }

const token: FakeIssuer['token'] = (...given) => fake.token(...given)

describe('a token of the issuer', () => {
  it('stands for its subject, tenant and the scopes that there are', async () => {
    expect(await openTokens(issuer)(await token(claims))).toEqual({
      id: `token:${fake.url} ann`,
      tenant: 'acme',
      principal: 'oidc:ann',
      scopes: new Set(['runs:read', 'runs:write']),
      ceiling: { cost_usd: 1 },
      requests_per_minute: 60,
      expires_at: expect.any(Date),
    })
  })

  it('counts for the one tenant of the issuer where that has one', async () => {
    const authenticate = openTokens({ ...issuer, tenant: { name: 'house' }, jwks: `${fake.url}/keys` })
    expect(await authenticate(await token(claims))).toMatchObject({ tenant: 'house' })
  })

  it('is nobody’s with another audience, issuer, signature or tenant, once expired, and without an end', async () => {
    const authenticate = openTokens(issuer)
    const other = await generateKeyPair('ES256')
    const secret = new TextEncoder().encode('a secret that two sides would know')
    const wrong = [
      await token(claims, (jwt) => jwt.setAudience('another')),
      await token(claims, (jwt) => jwt.setIssuer('http://another.example')),
      await token(claims, (jwt) => jwt.setExpirationTime('-1m')),
      await token({ ...claims, org: 7 }),
      await token({ org: 'acme' }),
      await token(claims, undefined, other.privateKey),
      await new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', kid: 'one' })
        .setIssuer(fake.url)
        .setAudience('remit')
        .sign(fake.key),
      await new SignJWT(claims)
        .setProtectedHeader({ alg: 'HS256', kid: 'one' })
        .setIssuer(fake.url)
        .setAudience('remit')
        .setExpirationTime('5m')
        .sign(secret),
      `${btoa('{"alg":"none"}')}.${btoa(JSON.stringify(claims))}.`,
      'no token',
    ]
    for (const one of wrong) expect(await authenticate(one)).toBeUndefined()
  })

  it('is a matter of the issuer, not of the caller, where the issuer does not answer', async () => {
    const away = openTokens({ ...issuer, jwks: 'http://127.0.0.1:1/keys' })
    await expect(away(await token(claims))).rejects.toMatchObject({ kind: 'unavailable' })
  })
})
