import type { Login, LoginKey } from '../../model/login.ts'

/** Where logins are kept; see `record/server-logins.ts`. */
export interface LoginStore {
  find(key: LoginKey): Promise<Login | undefined>
  put(login: Login): Promise<void>
  remove(key: LoginKey): Promise<boolean>
  /** Does the work alone among all processes. */
  alone<Result>(key: LoginKey, work: () => Promise<Result>): Promise<Result>
}
