import { z } from 'zod'
import { digest, type JsonObject } from '../json.ts'

/** The `typ` of a call token: no other JWT that the same keys signed can be taken for one. */
export const callTokenType = 'remit-call+jwt'

/** The `iss` of every call token; who really signed it follows from the keys that the server was given. */
export const callTokenIssuer = 'remit'

/** Seconds that a call token is good for, at most. */
export const longestTokenLife = 60

/** The scope of a token for everything that is not a call of a tool: agreeing on a protocol, listing tools. */
export const describeScope = 'describe'

/** The scope of a token for one call. */
export function scopeOfTool(tool: string): string {
  return `tool:${tool}`
}

/** What a token for one call is bound to, besides its audience, scope and times. */
export const callClaimsSchema = z.object({
  /** The principal on whose behalf the call is made. */
  sub: z.string().min(1),
  tenant: z.string().min(1),
  run_id: z.string().min(1),
  /** {@link digestOfArguments}. */
  arguments_digest: z.string(),
})
export type CallClaims = z.infer<typeof callClaimsSchema>

/** The digest of a call's arguments as they stand in the request; a request without arguments counts as one with none. */
export function digestOfArguments(args: JsonObject | undefined): string {
  return digest(args ?? {})
}
