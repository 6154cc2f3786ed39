import {
  InsecureTokenEndpointError,
  IssuerMismatchError,
  OAuthError,
  RegistrationRejectedError,
} from '@modelcontextprotocol/client'
import { z } from 'zod'

/** Why there is no token. The message is written by us: it holds no secret, and of what others say only codes. */
export class LoginError extends Error {
  override readonly name = 'LoginError'
  /** True where another try may go better, with nobody's help. */
  readonly passing: boolean
  /** The code of RFC 6749 that the authorization server answered with. */
  readonly code: string | undefined

  constructor(
    message: string,
    { passing = false, code, cause }: { passing?: boolean; code?: string; cause?: unknown } = {},
  ) {
    super(message, { cause })
    this.passing = passing
    this.code = code
  }
}

/** A code of an OAuth error, fit to be shown: others wrote it. */
export function shownCode(code: string): string {
  return /^[a-z_]{1,40}$/.test(code) ? code : 'an unknown error'
}

/** What went wrong with what was asked of an authorization server, in words that hold nothing else of it. */
export function explained(what: string, error: unknown): LoginError {
  if (error instanceof LoginError) return error
  if (error instanceof OAuthError) {
    const code = shownCode(error.code)
    const passing = ['server_error', 'temporarily_unavailable', 'too_many_requests'].includes(error.code)
    return new LoginError(`${what} was refused (${code})`, { passing, code, cause: error })
  }
  if (error instanceof RegistrationRejectedError)
    return new LoginError(`${what} was refused (HTTP ${error.status})`, { passing: error.status >= 500, cause: error })
  if (error instanceof IssuerMismatchError)
    return new LoginError(`${what} is refused: it speaks for another issuer than ${error.expected}`, { cause: error })
  if (error instanceof InsecureTokenEndpointError)
    return new LoginError(`${what} is refused: its token endpoint is not https`, { cause: error })
  if (error instanceof z.core.$ZodError || error instanceof SyntaxError)
    return new LoginError(`${what} answered in a way that cannot be used`, { cause: error })
  return new LoginError(`${what} failed`, { passing: true, cause: error })
}
