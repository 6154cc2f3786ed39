import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { isJsonObject, type JsonObject } from '../json.ts'
import {
  callClaimsSchema,
  callTokenIssuer,
  callTokenType,
  describeScope,
  digestOfArguments,
  longestTokenLife,
  scopeOfTool,
} from './call-token.ts'

/** Seconds by which the clocks of Remit and a server may differ. */
const clockTolerance = 5

/** What a request brings: its Authorization header, and the JSON-RPC message in its body where it has one. */
export interface GatedRequest {
  authorization: string | undefined
  message: unknown
}

/** Lets through what a token of its own allows, once. Resolves with why a request is refused, in words for a client, or undefined. */
export type CallGate = (request: GatedRequest) => Promise<string | undefined>

export interface CallGateOptions {
  /** The server's name. */
  audience: string
  keys: JWTVerifyGetKey
  now?: () => Date
}

/** The gate of one process. Used tokens are remembered for as long as they would be good, by this process alone. */
export function callGate({ audience, keys, now = () => new Date() }: CallGateOptions): CallGate {
  const used = new Map<string, number>()

  async function claimsOf(token: string): Promise<JWTPayload | string> {
    try {
      const { payload } = await jwtVerify(token, keys, {
        algorithms: ['EdDSA', 'Ed25519'],
        typ: callTokenType,
        issuer: callTokenIssuer,
        audience,
        requiredClaims: ['iat', 'exp', 'jti', 'scope'],
        clockTolerance,
        currentDate: now(),
      })
      return payload
    } catch (error) {
      return reasonOf(error)
    }
  }

  function isReplayed({ jti = '', exp = 0 }: JWTPayload): boolean {
    const seconds = now().getTime() / 1_000
    for (const [old, until] of used) {
      if (until > seconds) break
      used.delete(old)
    }
    if (used.has(jti)) return true
    used.set(jti, Math.max(seconds, exp) + clockTolerance)
    return false
  }

  return async ({ authorization = '', message }) => {
    const token = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization)?.[1]
    if (token === undefined) return 'a token for this request is needed'
    const claims = await claimsOf(token)
    if (typeof claims === 'string') return claims
    if ((claims.exp ?? 0) - (claims.iat ?? 0) > longestTokenLife) return 'the token is good for too long'
    return refusalOf(claims, message) ?? (isReplayed(claims) ? 'the token was used before' : undefined)
  }
}

function refusalOf(claims: JWTPayload, message: unknown): string | undefined {
  if (Array.isArray(message)) return 'a token is for one message, and this is a batch'
  const call = callIn(message)
  if (!call) return claims.scope === describeScope ? undefined : 'the token is for a call of a tool'
  if (claims.scope !== scopeOfTool(call.tool)) return 'the token is not for this tool'
  const bound = callClaimsSchema.safeParse(claims)
  if (!bound.success) return 'the token does not say on whose behalf, in which run and with which arguments it calls'
  if (bound.data.arguments_digest !== digestOrNone(call.arguments)) return 'the token is for other arguments'
  return undefined
}

/** The call in a message, however odd: a message that the protocol refuses later is none. */
function callIn(message: unknown): { tool: string; arguments: JsonObject | undefined } | undefined {
  if (!isJsonObject(message) || message.method !== 'tools/call') return undefined
  const params = isJsonObject(message.params) ? message.params : {}
  return { tool: String(params.name), arguments: params.arguments as JsonObject | undefined }
}

/** Text that is no Unicode has no digest, and so no token. */
function digestOrNone(args: JsonObject | undefined): string | undefined {
  try {
    return digestOfArguments(args)
  } catch {
    return undefined
  }
}

/** Why a token is not taken. What cannot be checked right now is not taken either. */
function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'the token has expired'
  if (error instanceof errors.JWTClaimValidationFailed) {
    return error.claim === 'aud' ? 'the token is for another server' : `the token's ${error.claim} is not right`
  }
  if (error instanceof errors.JWKSNoMatchingKey) return 'the token was signed with an unknown key'
  if (error instanceof errors.JOSEError) return 'the token is not valid'
  return 'the keys for checking tokens could not be read'
}
