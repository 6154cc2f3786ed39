import { howToLogIn, type Login, type LoginKey } from '../../model/login.ts'
import type { Bearer } from '../remote/bearer.ts'
import { asRemoteError, refusalOf } from './bearer-errors.ts'
import { isLate } from './granted.ts'

/** Lets requests in by the login of one principal, which it keeps renewed. */
export interface LoginBearer extends Bearer {
  /** The login as the record has it now. */
  take(login: Login): void
}

export interface LoginBearerOptions {
  key: LoginKey
  login: Login
  /** Rejects with a {@link LoginError}. */
  renew(spent: string): Promise<Login>
  now(): Date
}

export function loginBearer({ key, login: first, renew, now }: LoginBearerOptions): LoginBearer {
  const { server, principal } = key
  const secrets: string[] = []
  let login = first
  let renewing: Promise<void> | undefined

  function take(next: Login): void {
    const { access_token, refresh_token } = next.secrets
    for (const secret of [access_token, refresh_token]) if (secret && !secrets.includes(secret)) secrets.push(secret)
    login = next
  }
  take(first)

  function renewed(spent: string): Promise<void> {
    if (login.secrets.access_token !== spent) return Promise.resolve()
    renewing ??= renew(spent)
      .then(take, (error: unknown) => {
        throw asRemoteError(server, error)
      })
      .finally(() => {
        renewing = undefined
      })
    return renewing
  }

  return {
    secrets,
    take,
    async token() {
      if (isLate(login, now())) await renewed(login.secrets.access_token)
      return login.secrets.access_token
    },
    renew: renewed,
    refusal: (response) =>
      refusalOf(response, {
        whose: `the login of ${principal} at ${server}`,
        again: `log in again with: ${howToLogIn(key)}`,
        more: (scopes) => `log in with: ${[howToLogIn(key), ...scopes.map((scope) => `--scope ${scope}`)].join(' ')}`,
      }),
  }
}
