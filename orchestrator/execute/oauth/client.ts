import {
  type AddClientAuthentication,
  createPrivateKeyJwtAuth,
  type FetchLike,
  registerClient,
} from '@modelcontextprotocol/client'
import type { Login, LoginClient } from '../../model/login.ts'
import { type LiveCredential, liveCredential } from '../credentials/live-credential.ts'
import type { Environment } from '../credentials/read-source.ts'
import type { Discovered } from './discover.ts'
import { explained, LoginError } from './login-error.ts'
import { type OAuthServer, settingOf } from './settings.ts'

/** Who Remit is at an authorization server, and how it proves that. */
export interface Client {
  information: LoginClient
  /** Where something else than the secret is the proof. */
  addClientAuthentication?: AddClientAuthentication
  /** True where the authorization server made it up, so that nobody else keeps it. */
  registered: boolean
  /** The value of its source that proves who it is. */
  proof?: string | undefined
}

/** The client that the configuration names, with its secret as its source gives it now. */
export interface ConfiguredClient {
  /** Undefined where the configuration names none. Rejects with a {@link LoginError} that names the setting. */
  current(issuer: string): Promise<Client | undefined>
  /** The authorization server refused it: the source is asked again the next time. */
  refused(client: Client): void
  /** Secrets that were read so far. */
  seen(): readonly string[]
}

/** Nothing is read before it is needed. */
export function configuredClient(server: OAuthServer, environment: Environment): ConfiguredClient {
  const { client } = server.settings
  const source =
    client && ('secret' in client ? client.secret : 'private_key' in client ? client.private_key : undefined)
  const credential: LiveCredential | undefined = source && liveCredential(source, environment)

  const proof = async (): Promise<string | undefined> => {
    const found = await credential?.current()
    if (found && 'fault' in found) {
      const setting = client && 'private_key' in client ? 'client/private_key' : 'client/secret'
      throw new LoginError(`${settingOf(server, setting)} ${found.fault}`)
    }
    return found?.value
  }

  return {
    async current(issuer) {
      if (!client) return undefined
      if ('document' in client) return { information: { client_id: client.document }, registered: false }
      const value = await proof()
      const { id } = client
      if ('private_key' in client) return assertedClient(server, id, value ?? '', client.algorithm, issuer)
      const secret = value === undefined ? {} : { client_secret: value }
      return { information: { client_id: id, ...secret }, registered: false, proof: value }
    },
    refused({ proof }) {
      if (proof !== undefined) credential?.refused(proof)
    },
    seen: () => credential?.seen() ?? [],
  }
}

function assertedClient(server: OAuthServer, id: string, privateKey: string, alg: string, issuer: string): Client {
  const sign = createPrivateKeyJwtAuth({ issuer: id, subject: id, privateKey, alg, audience: issuer })
  return {
    information: { client_id: id },
    registered: false,
    proof: privateKey,
    addClientAuthentication: async (...request) => {
      try {
        await sign(...request)
      } catch (cause) {
        const path = settingOf(server, 'client/private_key')
        throw new LoginError(`${path} is no key for ${alg}: it has to be PKCS #8 in PEM`, { cause })
      }
    },
  }
}

/**
 * The client for a login, in the order of the MCP revision of 2026-07-28: the one that was registered by hand, a Client ID
 * Metadata Document, and where there is neither, one that is registered now, for this redirect alone.
 */
export async function clientFor(
  server: OAuthServer,
  { issuer, metadata }: Discovered,
  { configured, redirectUrl, fetch }: { configured: ConfiguredClient; redirectUrl: string; fetch: FetchLike },
): Promise<Client> {
  const { client } = server.settings
  if (client && 'document' in client && metadata.client_id_metadata_document_supported !== true)
    throw new LoginError(
      `${issuer} takes no Client ID Metadata Document: register a client there, ${inConfiguration(server)}`,
    )
  const known = await configured.current(issuer)
  if (known) return known
  if (metadata.registration_endpoint === undefined)
    throw new LoginError(`${issuer} registers no clients by itself: register one there, ${inConfiguration(server)}`)
  const made = await registerClient(issuer, {
    metadata,
    clientMetadata: clientMetadata(redirectUrl),
    fetchFn: fetch,
  }).catch((error: unknown) => {
    throw explained(`registering at ${issuer}`, error)
  })
  const { client_id, client_secret, token_endpoint_auth_method } = made
  return {
    information: {
      client_id,
      ...(client_secret !== undefined && { client_secret }),
      ...(token_endpoint_auth_method !== undefined && { token_endpoint_auth_method }),
    },
    registered: true,
  }
}

/** Who Remit was when a login was made: the configured client, or the one that was registered then. */
export async function clientOf({ issuer, secrets }: Login, configured: ConfiguredClient): Promise<Client> {
  return (await configured.current(issuer)) ?? { information: secrets.client, registered: true }
}

/** Where a browser is sent back to; any port of it is taken (RFC 8252, section 7.3). */
export const redirectPath = '/callback'

function clientMetadata(redirectUrl: string) {
  return {
    client_name: 'Remit',
    redirect_uris: [redirectUrl],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    application_type: 'native',
  }
}

function inConfiguration(server: OAuthServer): string {
  return `with the redirect URI http://127.0.0.1${redirectPath}, and write ${settingOf(server, 'client')}: { id: … } in the configuration`
}
