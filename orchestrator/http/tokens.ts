import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { z } from 'zod'
import { type Caller, type Ceiling, scopes } from '../model/caller.ts'
import { ProblemError } from './problem.ts'
import { name } from './run-schemas.ts'
import type { Authenticate } from './service.ts'

/** An OpenID Connect issuer whose tokens are taken as keys are, and what they may do here. */
export interface Issuer {
  /** Exactly as the tokens' `iss` has it. */
  url: string
  /** What the tokens' `aud` has to name. */
  audience: string
  /** Where its public keys are; what its discovery document says unless given. */
  jwks?: string | undefined
  /** The tenant of all its tokens, or the claim that names the tenant of each. */
  tenant: { name: string } | { claim: string }
  /** The claim that lists scopes, by blanks or as a list. */
  scopes_claim: string
  ceiling: Ceiling
  requests_per_minute: number
}

/** Public keys alone: a secret that two sides know cannot say which of them signed. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']

/** Says who a token of the issuer stands for. The issuer is asked for its keys when they are first needed. */
export function openTokens(issuer: Issuer): Authenticate {
  let keys: Promise<JWTVerifyGetKey> | undefined
  const keysOf = (): Promise<JWTVerifyGetKey> => {
    keys ??= findKeys(issuer).catch((error: unknown) => {
      keys = undefined
      throw error
    })
    return keys
  }
  return async (token) => {
    if (token.split('.').length !== 3) return undefined
    const { url, audience } = issuer
    const options = { issuer: url, audience, algorithms, clockTolerance: 5, requiredClaims: ['exp', 'sub'] }
    try {
      const { payload } = await jwtVerify(token, await keysOf(), options)
      return callerOf(issuer, payload)
    } catch (error) {
      if (isTokensFault(error)) return undefined
      throw new ProblemError('unavailable', 'The issuer of this token does not answer; try again soon')
    }
  }
}

function isTokensFault(error: unknown): boolean {
  return (
    error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout || error.code === 'ERR_JOSE_GENERIC')
  )
}

const discoverySchema = z.looseObject({ issuer: z.string(), jwks_uri: z.url() })

async function findKeys({ url, jwks }: Issuer): Promise<JWTVerifyGetKey> {
  if (jwks !== undefined) return createRemoteJWKSet(new URL(jwks))
  const response = await fetch(`${url.replace(/\/$/, '')}/.well-known/openid-configuration`, {
    signal: AbortSignal.timeout(5_000),
    redirect: 'error',
  })
  const { issuer, jwks_uri } = discoverySchema.parse(await response.json())
  if (issuer !== url) throw new TypeError(`the discovery document is that of ${issuer}`)
  return createRemoteJWKSet(new URL(jwks_uri))
}

function callerOf(
  { tenant, scopes_claim, ceiling, requests_per_minute, url }: Issuer,
  payload: JWTPayload,
): Caller | undefined {
  const subject = name.safeParse(payload.sub)
  const named = name.safeParse('name' in tenant ? tenant.name : payload[tenant.claim])
  if (!subject.success || !named.success) return undefined
  const claimed = payload[scopes_claim]
  const words = Array.isArray(claimed) ? claimed : typeof claimed === 'string' ? claimed.split(' ') : []
  return {
    id: `token:${url} ${subject.data}`,
    tenant: named.data,
    principal: `oidc:${subject.data}`,
    scopes: new Set(scopes.filter((scope) => words.includes(scope))),
    ceiling,
    requests_per_minute,
    ...(payload.exp === undefined ? {} : { expires_at: new Date(payload.exp * 1_000) }),
  }
}
