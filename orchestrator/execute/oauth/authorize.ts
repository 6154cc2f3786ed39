import { randomBytes, timingSafeEqual } from 'node:crypto'
import {
  exchangeAuthorization,
  type FetchLike,
  startAuthorization,
  validateAuthorizationResponseIssuer,
} from '@modelcontextprotocol/client'
import type { Client } from './client.ts'
import type { Discovered } from './discover.ts'
import { explained, LoginError, shownCode } from './login-error.ts'

/** An authorization that was asked for, and waits for the browser to come back. */
export interface Authorization {
  /** Where the person says yes. */
  url: URL
  /** What the browser has to bring back (RFC 6749, section 10.12). */
  state: string
  verifier: string
  redirectUrl: string
}

export interface AuthorizationRequest {
  discovered: Discovered
  client: Client
  redirectUrl: string
  scopes: readonly string[]
}

/** Begins an authorization-code flow with PKCE (RFC 7636). Throws a {@link LoginError} where the authorization server has none. */
export async function beginAuthorization(request: AuthorizationRequest): Promise<Authorization> {
  const { discovered, client, redirectUrl, scopes } = request
  const { issuer, metadata, resource } = discovered
  // The MCP revisions since 2025-11-25: a server that does not say so does not have it.
  if (!metadata.code_challenge_methods_supported?.includes('S256'))
    throw new LoginError(`${issuer} does not say that it has PKCE with S256, without which nobody is logged in there`)
  const state = randomBytes(32).toString('base64url')
  const scope = scopes.join(' ')
  try {
    const { authorizationUrl, codeVerifier } = await startAuthorization(issuer, {
      metadata,
      clientInformation: client.information,
      redirectUrl,
      state,
      resource,
      ...(scope !== '' && { scope }),
    })
    return { url: authorizationUrl, state, verifier: codeVerifier, redirectUrl }
  } catch (error) {
    throw explained(`logging in at ${issuer}`, error)
  }
}

/**
 * The code in what the browser brought back. Throws a {@link LoginError} for a state that is not the one that was given out,
 * for another issuer (RFC 9207), and for a refusal, in this order: nothing is believed of who did not know the state.
 */
export function codeIn(
  answer: URLSearchParams,
  { state }: Pick<Authorization, 'state'>,
  discovered: Discovered,
): string {
  const { issuer, metadata } = discovered
  if (!isSame(answer.get('state') ?? '', state)) throw new WrongState()
  try {
    validateAuthorizationResponseIssuer({
      iss: answer.get('iss') ?? undefined,
      expectedIssuer: issuer,
      issParameterSupported: metadata.authorization_response_iss_parameter_supported === true,
    })
  } catch (cause) {
    throw new LoginError(`the browser came back from another issuer than ${issuer}: nobody was logged in`, { cause })
  }
  const refusal = answer.get('error')
  if (refusal !== null) throw new LoginError(`${issuer} did not log anybody in (${shownCode(refusal)})`)
  const code = answer.get('code')
  if (!code) throw new LoginError(`${issuer} sent the browser back without a code`)
  return code
}

/** Somebody brought an answer who did not know what was asked: the real one may still come. */
export class WrongState extends LoginError {
  constructor() {
    super('this is not the answer to the login that is under way: its state is another')
  }
}

/** Exchanges a code for tokens, once. Rejects with a {@link LoginError}. */
export async function redeem(
  code: string,
  { verifier, redirectUrl }: Authorization,
  { discovered, client, fetch }: { discovered: Discovered; client: Client; fetch: FetchLike },
) {
  const { issuer, metadata, resource } = discovered
  const { information, addClientAuthentication } = client
  return exchangeAuthorization(issuer, {
    metadata,
    clientInformation: information,
    authorizationCode: code,
    // It was compared when the code came in.
    iss: metadata.issuer,
    codeVerifier: verifier,
    redirectUri: redirectUrl,
    resource,
    fetchFn: fetch,
    ...(addClientAuthentication && { addClientAuthentication }),
  }).catch((error: unknown) => {
    throw explained(`the code of ${issuer}`, error)
  })
}

function isSame(given: string, wanted: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(wanted)]
  return one.length === other.length && timingSafeEqual(one, other)
}
