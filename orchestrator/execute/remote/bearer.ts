import type { JsonObject } from '../../../shared/json.ts'
import type { RemoteError } from './remote-error.ts'

/** The call that a request makes. */
export interface RemoteCall {
  tool: string
  arguments: JsonObject | undefined
  run_id: string
}

/** What lets requests into a server elsewhere: Remit's own tokens, those that OAuth gives, a credential, or nothing; one of these. */
export interface Bearer {
  /**
   * The token for one request, undefined where it carries none; `call` is undefined where it makes none. Rejects with a
   * {@link RemoteError} where none can be had.
   */
  token(call: RemoteCall | undefined): Promise<string | undefined>
  /** The server did not take this token (401): resolves where the next one may be taken. Rejects as {@link token} does. */
  renew?(spent: string): Promise<void>
  /** What it means that the server takes no other either (401), or that this one does not reach far enough (403). */
  refusal(response: Pick<Response, 'status' | 'headers'>): RemoteError
  /** Tokens that were used; what is added later is seen, too. */
  secrets: readonly string[]
}
