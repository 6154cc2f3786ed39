import type { OAuthTokens } from '@modelcontextprotocol/client'
import { decodeJwt, decodeProtectedHeader, type JWTPayload } from 'jose'
import { isSameIssuer } from './discover.ts'
import { LoginError } from './login-error.ts'

/** Tokens, with what is known of them. `expires_at` is RFC 3339, and absent where nobody said. */
export interface Granted {
  access_token: string
  refresh_token?: string
  expires_at?: string
  scopes: string[]
}

/** What tokens have to be. */
export interface Wanted {
  issuer: string
  resource: string
  /** What `aud` says instead of the resource. */
  audience: string | undefined
  /** What was asked for, or granted before. */
  scopes: readonly string[]
}

/** Tokens as they were answered. Throws a {@link LoginError} where they cannot be sent to the server that they are wanted for. */
export function granted(tokens: OAuthTokens, wanted: Wanted, now: Date): Granted {
  if (tokens.token_type.toLowerCase() !== 'bearer')
    throw new LoginError(`${wanted.issuer} gives tokens that are no bearer tokens, and Remit uses no others`)
  checkAudience(tokens.access_token, wanted)
  const { access_token, refresh_token, expires_in, scope } = tokens
  return {
    access_token,
    ...(refresh_token !== undefined && { refresh_token }),
    ...(expires_in !== undefined && { expires_at: new Date(now.getTime() + expires_in * 1_000).toISOString() }),
    scopes: scope === undefined ? [...wanted.scopes] : scope.split(' ').filter((one) => one !== ''),
  }
}

/** A token that ends this soon could be late. */
const lateMs = 30_000

/** True where a token ends before it could be used. */
export function isLate({ expires_at }: Pick<Granted, 'expires_at'>, at: Date): boolean {
  return expires_at !== undefined && Date.parse(expires_at) - lateMs <= at.getTime()
}

/**
 * An access token is nobody's to read but the server's, unless it says by its type what it holds (RFC 9068). Then one for
 * somebody else is not sent: who gets it could use it there.
 */
function checkAudience(token: string, { issuer, resource, audience = resource }: Wanted): void {
  const claims = claimsOf(token)
  if (!claims) return
  if (claims.iss !== undefined && !isSameIssuer(claims.iss, issuer))
    throw new LoginError(`${issuer} gave a token of another issuer, which is not used`)
  const audiences = [claims.aud ?? []].flat()
  if (!audiences.some((one) => isSameUrl(one, audience)))
    throw new LoginError(`${issuer} gave a token for another audience than ${audience}, which is not sent there`)
}

function claimsOf(token: string): JWTPayload | undefined {
  try {
    const { typ } = decodeProtectedHeader(token)
    return /^(application\/)?at\+jwt$/i.test(String(typ)) ? decodeJwt(token) : undefined
  } catch {
    return undefined
  }
}

function isSameUrl(one: string, other: string): boolean {
  return one === other || (URL.canParse(one) && URL.parse(one)?.href === URL.parse(other)?.href)
}
