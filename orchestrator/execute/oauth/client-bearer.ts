import { ClientCredentialsProvider, type FetchLike, fetchToken } from '@modelcontextprotocol/client'
import type { Bearer } from '../remote/bearer.ts'
import { asRemoteError, refusalOf } from './bearer-errors.ts'
import type { ConfiguredClient } from './client.ts'
import { discover } from './discover.ts'
import { type Granted, granted, isLate } from './granted.ts'
import { explained, LoginError } from './login-error.ts'
import { type OAuthServer, settingOf } from './settings.ts'

export interface ClientBearerOptions {
  server: OAuthServer
  configured: ConfiguredClient
  /** Rejects with a {@link LoginError}. */
  fetch(): Promise<FetchLike>
  now(): Date
}

/** Lets requests of all principals in as Remit itself (client credentials). Tokens are had anew by each process, and kept nowhere. */
export function clientBearer({ server, configured, fetch, now }: ClientBearerOptions): Bearer {
  const secrets: string[] = []
  let held: Granted | undefined
  let asking: Promise<Granted> | undefined

  async function ask(): Promise<Granted> {
    const given = await askForToken(server, configured, await fetch(), now)
    for (const secret of [given.access_token, ...configured.seen()]) if (!secrets.includes(secret)) secrets.push(secret)
    return given
  }

  async function current(): Promise<Granted> {
    if (held && !isLate(held, now())) return held
    asking ??= ask().finally(() => {
      asking = undefined
    })
    held = await asking.catch((error: unknown) => {
      throw asRemoteError(server.name, error)
    })
    return held
  }

  return {
    secrets,
    token: async () => (await current()).access_token,
    async renew(spent) {
      if (held?.access_token === spent) held = undefined
      await current()
    },
    refusal: (response) =>
      refusalOf(response, {
        whose: `Remit's access to ${server.name}`,
        again: `look at what the client ${clientId(server)} may do there`,
        more: () => `let the client ${clientId(server)} have it, and add it to ${settingOf(server, 'scopes')}`,
      }),
  }
}

async function askForToken(
  server: OAuthServer,
  configured: ConfiguredClient,
  fetch: FetchLike,
  now: () => Date,
): Promise<Granted> {
  const { issuer, metadata, resource, scopes: needed } = await discover(server, fetch)
  const client = await configured.current(issuer)
  if (!client) throw new LoginError(`${settingOf(server, 'client')} is missing`)
  const scopes = server.settings.scopes ?? needed ?? []
  const provider = new ClientCredentialsProvider({
    clientId: client.information.client_id,
    clientSecret: client.information.client_secret ?? '',
    expectedIssuer: issuer,
    ...(scopes.length > 0 && { scope: scopes.join(' ') }),
  })
  const { addClientAuthentication } = client
  try {
    const proving = addClientAuthentication ? Object.assign(provider, { addClientAuthentication }) : provider
    const tokens = await fetchToken(proving, issuer, { metadata, resource, fetchFn: fetch })
    return granted(tokens, { issuer, resource, audience: server.settings.audience, scopes }, now())
  } catch (error) {
    const why = explained(`the client ${clientId(server)} at ${issuer}`, error)
    if (why.code === 'invalid_client' || why.code === 'unauthorized_client') configured.refused(client)
    throw why
  }
}

function clientId({ settings: { client } }: OAuthServer): string {
  if (!client) return 'without an id'
  return 'document' in client ? client.document : client.id
}
