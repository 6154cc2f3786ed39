import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'

/** An OpenID Connect issuer on this machine, whose tokens are for the audience `remit` unless they are changed. */
export interface FakeIssuer extends AsyncDisposable {
  url: string
  key: CryptoKey
  token(payload: JWTPayload, change?: (jwt: SignJWT) => SignJWT, signedBy?: CryptoKey): Promise<string>
}

export async function openFakeIssuer(): Promise<FakeIssuer> {
  const { publicKey, privateKey: key } = await generateKeyPair('ES256', { extractable: true })
  const keys = [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' }]
  const server = createServer((request, response) => {
    const document = request.url === '/keys' ? { keys } : { issuer: url, jwks_uri: `${url}/keys` }
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify(document))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    key,
    token(payload, change = (jwt) => jwt, signedBy = key) {
      const jwt = new SignJWT(payload)
        .setProtectedHeader({ alg: 'ES256', kid: 'one' })
        .setIssuer(url)
        .setAudience('remit')
        .setExpirationTime('5m')
      return change(jwt).sign(signedBy)
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}
