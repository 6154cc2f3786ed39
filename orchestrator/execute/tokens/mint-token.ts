import { SignJWT } from 'jose'
import {
  type CallClaims,
  callTokenIssuer,
  callTokenType,
  describeScope,
  digestOfArguments,
  scopeOfTool,
} from '../../../shared/capability/call-token.ts'
import type { JsonObject } from '../../../shared/json.ts'
import type { TokenKeys } from './token-keys.ts'

/** Seconds that a token is good for: it is used at once. */
const lifeSeconds = 30

/** What a token is for. */
export type TokenGrant =
  | { describe: true }
  | { tool: string; arguments: JsonObject | undefined; run_id: string; tenant: string; principal: string }

/** Makes a token for one request to one server. */
export type MintToken = (server: string, grant: TokenGrant) => Promise<string>

/** Tokens signed with the current key; `newId` must never give the same id twice. */
export function tokenMint({
  keys,
  now,
  newId,
}: {
  keys: Pick<TokenKeys, 'signing'>
  now(): Date
  newId(): string
}): MintToken {
  return async (server, grant) => {
    const { kid, privateKey } = await keys.signing()
    const issuedAt = Math.floor(now().getTime() / 1_000)
    return new SignJWT(claimsOf(grant))
      .setProtectedHeader({ alg: 'EdDSA', typ: callTokenType, kid })
      .setIssuer(callTokenIssuer)
      .setAudience(server)
      .setJti(newId())
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + lifeSeconds)
      .sign(privateKey)
  }
}

function claimsOf(grant: TokenGrant): Record<string, string> {
  if ('describe' in grant) return { scope: describeScope }
  const claims: CallClaims = {
    sub: grant.principal,
    tenant: grant.tenant,
    run_id: grant.run_id,
    arguments_digest: digestOfArguments(grant.arguments),
  }
  return { scope: scopeOfTool(grant.tool), ...claims }
}
