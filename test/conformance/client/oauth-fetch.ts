import {
  auth,
  computeScopeUnion,
  extractWWWAuthenticateParams,
  type FetchLike,
  isStrictScopeSuperset,
  type OAuthClientInformation,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  type OAuthTokens,
  UnauthorizedError,
} from '@modelcontextprotocol/client'

const redirectUrl = 'http://localhost:3000/callback'

/** Keeps what a login comes to, and stands in for the browser and its user: it follows the redirect and takes the code. */
export class LoginInOneProcess implements OAuthClientProvider {
  readonly redirectUrl = redirectUrl
  readonly clientMetadata = { client_name: 'remit-conformance', redirect_uris: [redirectUrl] }
  readonly clientMetadataUrl = 'https://conformance-test.local/client-metadata.json'
  code: string | undefined
  issuer: string | undefined
  #client: OAuthClientInformation | undefined
  #tokens: OAuthTokens | undefined
  #verifier = ''
  #discovered: OAuthDiscoveryState | undefined

  constructor(client?: OAuthClientInformation) {
    this.#client = client
  }

  clientInformation = () => this.#client
  tokens = () => this.#tokens
  codeVerifier = () => this.#verifier
  discoveryState = () => this.#discovered

  saveClientInformation(client: OAuthClientInformation): void {
    this.#client = client
  }

  saveTokens(tokens: OAuthTokens): void {
    this.#tokens = tokens
  }

  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier
  }

  saveDiscoveryState(state: OAuthDiscoveryState): void {
    this.#discovered = state
  }

  invalidateCredentials(scope: 'all' | 'client' | 'tokens' | 'verifier' | 'discovery'): void {
    const is = (part: typeof scope) => scope === 'all' || scope === part
    if (is('client')) this.#client = undefined
    if (is('tokens')) this.#tokens = undefined
    if (is('verifier')) this.#verifier = ''
    if (is('discovery')) this.#discovered = undefined
  }

  async redirectToAuthorization(url: URL): Promise<void> {
    const response = await fetch(url, { redirect: 'manual' })
    const callback = new URL(response.headers.get('location') ?? '')
    this.code = callback.searchParams.get('code') ?? undefined
    this.issuer = callback.searchParams.get('iss') ?? undefined
  }
}

/** Fetches with the token that a login came to; a challenge is answered once, by a new login or a wider one. */
export function oauthFetch(serverUrl: string, provider = new LoginInOneProcess()): FetchLike {
  const send: FetchLike = (url, init) => {
    const headers = new Headers(init?.headers)
    const tokens = provider.tokens()
    if (tokens) headers.set('authorization', `Bearer ${tokens.access_token}`)
    return fetch(url, { ...init, headers })
  }
  return async (url, init) => {
    const response = await send(url, init)
    if (response.status !== 401 && response.status !== 403) return response
    await answerChallenge(response, serverUrl, provider)
    const again = await send(url, init)
    if (again.status === 401 || again.status === 403) throw new UnauthorizedError(`${serverUrl} refuses the new token`)
    return again
  }
}

async function answerChallenge(response: Response, serverUrl: string, provider: LoginInOneProcess): Promise<void> {
  const { resourceMetadataUrl, scope: wanted } = extractWWWAuthenticateParams(response)
  const had = provider.tokens()?.scope
  // More is asked for beside what was given; a token that counts no more may come from who is not asked any more.
  const scope = response.status === 403 ? computeScopeUnion(had, wanted) : wanted
  if (response.status === 401) provider.invalidateCredentials('discovery')
  const asked = {
    serverUrl,
    ...(resourceMetadataUrl && { resourceMetadataUrl }),
    ...(scope !== undefined && { scope }),
  }
  const came = await auth(provider, { ...asked, forceReauthorization: isStrictScopeSuperset(scope, had) })
  if (came === 'AUTHORIZED') return
  const { code, issuer } = provider
  if (code === undefined) throw new UnauthorizedError('the login gave no code')
  await auth(provider, { ...asked, authorizationCode: code, ...(issuer !== undefined && { iss: issuer }) })
}
