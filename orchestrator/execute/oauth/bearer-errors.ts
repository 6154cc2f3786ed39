import { extractWWWAuthenticateParams } from '@modelcontextprotocol/client'
import { RemoteError } from '../remote/remote-error.ts'
import { LoginError } from './login-error.ts'

/** Nothing was sent, for want of a token. What a person has to mend is not tried again. */
export function asRemoteError(server: string, error: unknown): RemoteError {
  const known = error instanceof LoginError
  return new RemoteError(known ? error.message : `no token for ${server} can be had now`, {
    mayHaveHappened: false,
    kind: known && !error.passing ? 'unauthorized' : 'unavailable',
    evidence: 'none',
    cause: error,
  })
}

/**
 * What it means that a server does not take a token that is good. `more` says how more scopes are had; of what the server
 * says, only scopes that look like such are told.
 */
export function refusalOf(
  response: Pick<Response, 'status' | 'headers'>,
  { whose, again, more }: { whose: string; again: string; more: (scopes: readonly string[]) => string },
): RemoteError {
  const { status } = response
  const { error, scope } = extractWWWAuthenticateParams(response as Response)
  const isTooLittle = status === 403 && error === 'insufficient_scope'
  const scopes = shownScopes(scope ?? '')
  const named = scopes.length === 0 ? '' : ` (${scopes.join(' ')})`
  const message = isTooLittle
    ? `${whose} does not reach far enough for this call${named}: ${more(scopes)}`
    : `${whose} is not taken (HTTP ${status}): ${again}`
  return new RemoteError(message, { mayHaveHappened: false, kind: 'unauthorized', evidence: 'answered' })
}

/** Others wrote them, and models and shells read them. */
function shownScopes(scope: string): string[] {
  return scope
    .split(' ')
    .filter((one) => /^[\w.:/-]{1,64}$/.test(one))
    .slice(0, 10)
}
