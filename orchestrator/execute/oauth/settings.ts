import type { Source } from '../credentials/read-source.ts'

/** How algorithms of a client's own assertions are called (RFC 7518). */
export const assertionAlgorithms = ['ES256', 'RS256', 'PS256', 'EdDSA'] as const

/** Who Remit is to an authorization server. Secrets are read when they are used. */
export type OAuthClient =
  | { id: string; secret?: Source | undefined }
  /** Proves itself by a signed assertion (RFC 7523); the source holds a PKCS #8 key in PEM. */
  | { id: string; private_key: Source; algorithm: (typeof assertionAlgorithms)[number] }
  /** A Client ID Metadata Document: its URL is the id. */
  | { document: string }

/** What the operator's configuration says of OAuth at one server. */
export interface OAuthSettings {
  /** On whose behalf tokens are had: a principal's, who logs in with a browser, or Remit's own. */
  grant: 'authorization_code' | 'client_credentials'
  /** The authorization server; needed with a client that was registered there. Else the server's metadata says. */
  issuer?: string | undefined
  /** Without one, Remit registers itself at each login (RFC 7591), where the authorization server lets it. */
  client?: OAuthClient | undefined
  /** What is asked for; else what the server says that it needs. */
  scopes?: readonly string[] | undefined
  /** What `aud` of an access token says, where an authorization server knows the server by another name than its URL. */
  audience?: string | undefined
}

/** A server elsewhere that wants OAuth. */
export interface OAuthServer {
  name: string
  url: string
  /** Where its other instances run; a token has to be for all of them. */
  others: readonly string[]
  settings: OAuthSettings
}

/** The path of one of its settings, as errors say it. */
export function settingOf({ name }: Pick<OAuthServer, 'name'>, setting: string): string {
  return `/servers/${name}/oauth/${setting}`
}
