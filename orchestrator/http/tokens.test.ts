import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Issuer, openTokens } from './tokens.ts'

let server: Server
let url: string
let key: CryptoKey
let issuer: Issuer

beforeAll(async () => {
  const pair = await generateKeyPair('ES256', { extractable: true })
  key = pair.privateKey
  const keys = [{ ...(await exportJWK(pair.publicKey)), kid: 'one', alg: 'ES256' }]
  server = createServer((request, response) => {
    const document = request.url === '/keys' ? { keys } : { issuer: url, jwks_uri: `${url}/keys` }
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify(document))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  issuer = {
    url,
    audience: 'remit',
    tenant: { claim: 'org' },
    scopes_claim: 'scope',
    ceiling: { cost_usd: 1 },
    requests_per_minute: 60,
  }
})
afterAll(() => server.close())

const claims = { sub: 'ann', org: 'acme', scope: 'runs:read runs:write fly' }

function token(payload: JWTPayload = claims, change: (jwt: SignJWT) => SignJWT = (jwt) => jwt, signedBy = key) {
  const jwt = new SignJWT(payload)
    .setProtectedHeader({ alg: 'ES256', kid: 'one' })
    .setIssuer(url)
    .setAudience('remit')
    .setExpirationTime('5m')
  return change(jwt).sign(signedBy)
}

describe('a token of the issuer', () => {
  it('stands for its subject, tenant and the scopes that there are', async () => {
    expect(await openTokens(issuer)(await token())).toEqual({
      id: `token:${url} ann`,
      tenant: 'acme',
      principal: 'oidc:ann',
      scopes: new Set(['runs:read', 'runs:write']),
      ceiling: { cost_usd: 1 },
      requests_per_minute: 60,
    })
  })

  it('counts for the one tenant of the issuer where that has one', async () => {
    const authenticate = openTokens({ ...issuer, tenant: { name: 'house' }, jwks: `${url}/keys` })
    expect(await authenticate(await token())).toMatchObject({ tenant: 'house' })
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
        .setIssuer(url)
        .setAudience('remit')
        .sign(key),
      await new SignJWT(claims)
        .setProtectedHeader({ alg: 'HS256', kid: 'one' })
        .setIssuer(url)
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
    await expect(away(await token())).rejects.toMatchObject({ kind: 'unavailable' })
  })
})
