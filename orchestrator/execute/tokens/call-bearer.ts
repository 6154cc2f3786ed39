import type { Owner } from '../../model/run.ts'
import type { Bearer } from '../remote/bearer.ts'
import { RemoteError, refusedError } from '../remote/remote-error.ts'
import type { MintToken } from './mint-token.ts'

export interface CallBearerOptions {
  server: string
  mint: MintToken
  /** On whose behalf a run acts. */
  ownerOf: (run_id: string) => Promise<Owner>
}

/** Lets requests in by a token of Remit's own for exactly each. It is used once, so none of them need be kept from view. */
export function callBearer({ server, mint, ownerOf }: CallBearerOptions): Bearer {
  return {
    secrets: [],
    refusal: (response) => refusedError(server, response, 'look at its REMIT_TOKEN_KEYS'),
    async token(call) {
      try {
        return await mint(server, call ? { ...call, ...(await ownerOf(call.run_id)) } : { describe: true })
      } catch (cause) {
        throw new RemoteError(`no token for ${server} could be made`, {
          mayHaveHappened: false,
          kind: 'internal',
          evidence: 'none',
          cause,
        })
      }
    },
  }
}
