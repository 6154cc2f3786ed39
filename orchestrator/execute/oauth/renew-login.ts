import { type AuthorizationServerMetadata, type FetchLike, refreshAuthorization } from '@modelcontextprotocol/client'
import { howToLogIn, type Login, type LoginKey } from '../../model/login.ts'
import { type Client, type ConfiguredClient, clientOf } from './client.ts'
import { authorizationServer } from './discover.ts'
import { type Granted, granted } from './granted.ts'
import { explained, LoginError } from './login-error.ts'
import type { LoginStore } from './login-store.ts'
import type { OAuthServer } from './settings.ts'
import { usableLogin } from './usable-login.ts'

export interface Renewal {
  server: OAuthServer
  key: LoginKey
  /** The access token that is good no more. */
  spent: string
  store: LoginStore
  configured: ConfiguredClient
  fetch: FetchLike
  now(): Date
}

/**
 * Renews a login whose access token is spent, once among all processes: whoever comes later gets what the first one got. A
 * refresh token goes to the issuer of the login, whatever the server says by now. Rejects with a {@link LoginError}.
 */
export async function renewLogin(renewal: Renewal): Promise<Login> {
  const { server, key, spent, store, now } = renewal
  return store.alone(key, async () => {
    const login = usableLogin(server, key, await store.find(key))
    const { access_token, refresh_token } = login.secrets
    if (access_token !== spent) return login
    if (refresh_token === undefined)
      throw new LoginError(`${who(login)} is at its end, and cannot be renewed: ${howToLogIn(key)}`)
    const metadata = await authorizationServer(login.issuer, renewal.fetch)
    const client = await renewingClient(login, renewal)
    const tokens = await refreshed(login, refresh_token, { metadata, client, renewal })
    const renewed = withTokens(login, tokens, now())
    await store.put(renewed)
    return renewed
  })
}

interface Refreshing {
  metadata: AuthorizationServerMetadata
  client: Client
  renewal: Renewal
}

async function refreshed(
  login: Login,
  refreshToken: string,
  { metadata, client, renewal }: Refreshing,
): Promise<Granted> {
  const { server, store, configured, fetch, now } = renewal
  const { issuer, resource, scopes } = login
  try {
    const tokens = await refreshAuthorization(issuer, {
      metadata,
      clientInformation: client.information,
      refreshToken,
      resource,
      fetchFn: fetch,
      ...(client.addClientAuthentication && { addClientAuthentication: client.addClientAuthentication }),
    })
    return granted(tokens, { issuer, resource, audience: server.settings.audience, scopes }, now())
  } catch (error) {
    const why = explained(`the renewal of ${who(login)}`, error)
    if (why.code === 'invalid_client' || why.code === 'unauthorized_client') configured.refused(client)
    if (why.code !== 'invalid_grant') throw why
    await store.put(endedLogin(login, 'its authorization server renews it no more'))
    throw new LoginError(`${who(login)} has ended: its authorization server renews it no more. ${howToLogIn(login)}`, {
      code: why.code,
      cause: error,
    })
  }
}

/** Nobody but the client that a login was made with can renew it. */
async function renewingClient(login: Login, { server, configured }: Renewal): Promise<Client> {
  const client = await clientOf(login, configured)
  if (client.information.client_id === login.secrets.client.client_id) return client
  throw new LoginError(`${who(login)} was made with another client than ${server.name} has now: ${howToLogIn(login)}`)
}

function withTokens(login: Login, { access_token, refresh_token, expires_at, scopes }: Granted, at: Date): Login {
  const { expires_at: _, secrets, ...rest } = login
  return {
    ...rest,
    scopes,
    renewed_at: at.toISOString(),
    ...(expires_at !== undefined && { expires_at }),
    secrets: { ...secrets, access_token, ...(refresh_token !== undefined && { refresh_token }) },
  }
}

/** What is left of it is what it was, for people to see. */
function endedLogin({ secrets, ...login }: Login, ended: string): Login {
  return { ...login, ended, secrets: { access_token: '', client: { client_id: secrets.client.client_id } } }
}

function who({ principal, server }: LoginKey): string {
  return `the login of ${principal} at ${server}`
}
