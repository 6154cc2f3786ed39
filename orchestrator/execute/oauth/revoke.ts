import { type FetchLike, selectClientAuthMethod } from '@modelcontextprotocol/client'
import type { Login } from '../../model/login.ts'
import type { Client } from './client.ts'
import { authorizationServer } from './discover.ts'
import { explained, LoginError } from './login-error.ts'

/**
 * Tells the authorization server that the tokens of a login are used no more (RFC 7009). False where it takes no such word.
 * Rejects with a {@link LoginError}.
 */
export async function revokeTokens({ issuer, secrets }: Login, client: Client, fetch: FetchLike): Promise<boolean> {
  const metadata = await authorizationServer(issuer, fetch)
  // Of what OpenID Connect Discovery tells, the SDK knows neither of these.
  const endpoint = 'revocation_endpoint' in metadata ? metadata.revocation_endpoint : undefined
  if (typeof endpoint !== 'string') return false
  const methods =
    'revocation_endpoint_auth_methods_supported' in metadata && metadata.revocation_endpoint_auth_methods_supported
  const { access_token, refresh_token } = secrets
  // A refresh token takes the access tokens along (RFC 7009, section 2.1); not everybody's does.
  for (const [token, hint] of [
    [refresh_token, 'refresh_token'],
    [access_token, 'access_token'],
  ]) {
    if (!token) continue
    const form = new URLSearchParams({ token, token_type_hint: String(hint) })
    const headers = new Headers({ 'content-type': 'application/x-www-form-urlencoded' })
    if (client.addClientAuthentication) await client.addClientAuthentication(headers, form, endpoint, metadata)
    else authenticate(client.information, Array.isArray(methods) ? methods.map(String) : [], headers, form)
    const response = await fetch(endpoint, { method: 'POST', headers, body: form }).catch((error: unknown) => {
      throw explained(`the revocation at ${issuer}`, error)
    })
    if (!response.ok && !(await isNoKind(response)))
      throw new LoginError(`${issuer} did not take the revocation (HTTP ${response.status})`)
  }
  return true
}

/** Tokens of this kind are never taken back (RFC 7009, section 2.2.1): it is good until it ends. */
async function isNoKind(response: Response): Promise<boolean> {
  const answer: unknown = await response.json().catch(() => undefined)
  return (answer as { error?: unknown } | undefined)?.error === 'unsupported_token_type'
}

/** As RFC 6749, section 2.3.1, has it. */
function authenticate(
  information: Client['information'],
  methods: string[],
  headers: Headers,
  form: URLSearchParams,
): void {
  const { client_id, client_secret } = information
  if (selectClientAuthMethod(information, methods) === 'client_secret_basic' && client_secret !== undefined) {
    const pair = [client_id, client_secret].map(encodeURIComponent).join(':')
    headers.set('authorization', `Basic ${Buffer.from(pair).toString('base64')}`)
    return
  }
  form.set('client_id', client_id)
  if (client_secret !== undefined) form.set('client_secret', client_secret)
}
