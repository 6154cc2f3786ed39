import type { Owner } from './run.ts'

/** Whose login it is, and at which server. */
export interface LoginKey extends Owner {
  server: string
}

/** A principal's access to a server elsewhere, as an OAuth authorization server gave it. Instants are RFC 3339. */
export interface Login extends LoginKey {
  /** Another one after each login; a renewal keeps it. */
  login_id: string
  /** The authorization server: the only one that the refresh token and the client's secret are for. */
  issuer: string
  /** What the access token is for (RFC 8707): the only server that it is sent to. */
  resource: string
  scopes: string[]
  /** When the access token ends; absent where nobody said. */
  expires_at?: string
  made_at: string
  made_by: string
  renewed_at?: string
  /** Why it is good for nothing any more. */
  ended?: string
  secrets: LoginSecrets
}

/** What of a login is never shown, and lies sealed in the record. */
export interface LoginSecrets {
  access_token: string
  refresh_token?: string
  /** Which client the tokens were given to; with its secret where that is not the operator's to keep. */
  client: LoginClient
}

/** A client of an authorization server, by the names of RFC 7591. */
export interface LoginClient {
  client_id: string
  client_secret?: string
  token_endpoint_auth_method?: string
}

/** A login as lists show it. */
export interface ListedLogin extends Omit<Login, 'secrets'> {
  /** Whether it is renewed without anybody's help. */
  renewable: boolean
}

/** A login whose tokens do not open here; the message says how to make another, and holds none of them. */
export class LoginSealError extends Error {
  override readonly name = 'LoginSealError'
}

/** The command with which a person logs that principal in. */
export function howToLogIn({ tenant, principal, server }: LoginKey): string {
  const ofTenant = tenant === 'default' ? '' : ` --tenant ${inShell(tenant)}`
  return `remit servers login ${server} --principal ${inShell(principal)}${ofTenant}`
}

function inShell(text: string): string {
  return /^[\w.:@/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
