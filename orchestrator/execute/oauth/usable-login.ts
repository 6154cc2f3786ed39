import { checkResourceAllowed } from '@modelcontextprotocol/client'
import { howToLogIn, type Login, type LoginKey } from '../../model/login.ts'
import { isSameIssuer } from './discover.ts'
import { LoginError } from './login-error.ts'
import type { OAuthServer } from './settings.ts'

/**
 * The login, where its tokens may be sent to the server as it is configured now. Throws a {@link LoginError} that says how to
 * log in.
 */
export function usableLogin({ url, others, settings }: OAuthServer, key: LoginKey, login: Login | undefined): Login {
  const { principal, server } = key
  const refuse = (why: string) => new LoginError(`${why}. Log in with: ${howToLogIn(key)}`)
  if (!login) throw refuse(`${principal} is not logged in at ${server}`)
  const who = `the login of ${principal} at ${server}`
  if (login.ended !== undefined) throw refuse(`${who} has ended: ${login.ended}`)
  // The operator may have moved the server since: its tokens do not move along.
  const isAt = (place: string) => checkResourceAllowed({ requestedResource: place, configuredResource: login.resource })
  if (![url, ...others].every(isAt))
    throw refuse(`${who} is for ${login.resource}, and the server is at another place now`)
  if (settings.issuer !== undefined && !isSameIssuer(settings.issuer, login.issuer))
    throw refuse(`${who} was made at another issuer than its configuration names now`)
  return login
}
