import type { FetchLike } from '@modelcontextprotocol/client'
import { type Login, type LoginKey, LoginSealError } from '../../model/login.ts'
import type { Owner } from '../../model/run.ts'
import type { Environment } from '../credentials/read-source.ts'
import type { Bearer } from '../remote/bearer.ts'
import { carefulFetch, checkPlace } from './careful-fetch.ts'
import { type ConfiguredClient, clientOf, configuredClient } from './client.ts'
import { clientBearer } from './client-bearer.ts'
import { type Conversation, logIn } from './log-in.ts'
import { type LoginBearer, loginBearer } from './login-bearer.ts'
import { LoginError } from './login-error.ts'
import type { LoginStore } from './login-store.ts'
import { placesOf } from './places.ts'
import type { Reach } from './reach.ts'
import { renewLogin } from './renew-login.ts'
import { revokeTokens } from './revoke.ts'
import type { OAuthServer, OAuthSettings } from './settings.ts'
import { usableLogin } from './usable-login.ts'

/** A login at work: calls of one principal go over connections that nobody else's use. */
export interface LoginInUse {
  /** Whose, and which: another login of the same principal is another one. */
  of: Owner
  login_id: string
  bearer: Bearer
}

export interface LoggingIn {
  /** Who logs in: the person at the terminal, for that principal or another. */
  by: string
  scopes: readonly string[]
  conversation: Conversation
  /** Records that somebody logs in; it counts only then. */
  note(login: Omit<Login, 'secrets'>): Promise<void>
  patienceMs: number
  signal: AbortSignal
}

/** What OAuth lets Remit do at servers elsewhere. */
export interface Logins {
  /** True where each principal has to log in. */
  isPersonal(server: string): boolean
  /** What lets everybody's requests in as Remit itself; undefined where each principal logs in, and where OAuth is not used. */
  shared(server: string): Bearer | undefined
  /** The login that a principal's calls use. Rejects with a {@link LoginError} that says how to log in. */
  inUse(key: LoginKey): Promise<LoginInUse>
  /** Rejects with a {@link LoginError}. */
  logIn(key: LoginKey, options: LoggingIn): Promise<Login>
  /** Forgets a login. Undefined where there was none; else whether its issuer was told, or why not. */
  logOut(key: LoginKey): Promise<{ revoked: boolean; why?: string } | undefined>
}

export interface LoginsOptions {
  /** What the configuration says of the servers that want OAuth, by name. */
  servers: Readonly<Record<string, { url: string; others?: readonly string[]; oauth: OAuthSettings }>>
  store: LoginStore
  environment: Environment
  /** The farthest that anything may be asked. */
  farthest: Reach
  now(): Date
  newId(): string
}

/** Logins that are kept at hand; of others the record is asked anew. */
const mostAtHand = 1_000

/** Opens what there is of OAuth. Nothing is read or asked before it is needed. */
export function openLogins({ servers, store, environment, farthest, now, newId }: LoginsOptions): Logins {
  const opened = new Map(
    Object.entries(servers).map(([name, { url, others = [], oauth }]) => {
      const server: OAuthServer = { name, url, others, settings: oauth }
      return [name, { server, configured: configuredClient(server, environment) }]
    }),
  )
  const shared = new Map<string, Bearer>()
  const atHand = new Map<string, { login_id: string; bearer: LoginBearer }>()

  function known(name: string): { server: OAuthServer; configured: ConfiguredClient } {
    const found = opened.get(name)
    if (found) return found
    throw new LoginError(`${name} wants no login: /servers/${name}/oauth is not in the configuration`)
  }

  async function fetchFor(server: OAuthServer, signal?: AbortSignal): Promise<FetchLike> {
    return carefulFetch({ places: await placesOf(server, farthest), signal })
  }

  function bearerOf(key: LoginKey, login: Login): LoginBearer {
    const { server, configured } = known(key.server)
    const name = JSON.stringify([key.server, key.tenant, key.principal])
    const found = atHand.get(name)
    if (found?.login_id === login.login_id) {
      found.bearer.take(login)
      return found.bearer
    }
    const renew = async (spent: string) =>
      renewLogin({ server, key, spent, store, configured, fetch: await fetchFor(server), now })
    const bearer = loginBearer({ key, login, renew, now })
    atHand.delete(name)
    atHand.set(name, { login_id: login.login_id, bearer })
    for (const oldest of atHand.keys()) {
      if (atHand.size <= mostAtHand) break
      atHand.delete(oldest)
    }
    return bearer
  }

  async function revoked(login: Login): Promise<{ revoked: boolean; why?: string }> {
    try {
      const { server, configured } = known(login.server)
      const client = await clientOf(login, configured)
      return { revoked: await revokeTokens(login, client, await fetchFor(server)) }
    } catch (error) {
      if (error instanceof LoginError) return { revoked: false, why: error.message }
      throw error
    }
  }

  return {
    isPersonal: (name) => opened.get(name)?.server.settings.grant === 'authorization_code',
    shared(name) {
      const found = opened.get(name)
      if (found?.server.settings.grant !== 'client_credentials') return undefined
      const { server, configured } = found
      const bearer = shared.get(name) ?? clientBearer({ server, configured, fetch: () => fetchFor(server), now })
      shared.set(name, bearer)
      return bearer
    },
    async inUse(key) {
      const { server } = known(key.server)
      const login = usableLogin(server, key, await store.find(key).catch(asLoginError))
      const { tenant, principal } = key
      return { of: { tenant, principal }, login_id: login.login_id, bearer: bearerOf(key, login) }
    },
    async logIn(key, options) {
      const { server, configured } = known(key.server)
      if (server.settings.grant !== 'authorization_code')
        throw new LoginError(`nobody logs in at ${key.server}: Remit itself does (client_credentials)`)
      const places = await placesOf(server, farthest)
      return logIn(server, {
        ...options,
        key,
        checkPlace: (url) => checkPlace(url, places),
        configured,
        fetch: carefulFetch({ places, signal: options.signal }),
        store,
        now,
        newId,
      })
    },
    logOut: (key) =>
      store.alone(key, async () => {
        const login = await store.find(key).catch(() => undefined)
        const told = login && login.ended === undefined ? await revoked(login) : { revoked: false }
        return (await store.remove(key)) ? told : undefined
      }),
  }
}

/** What a person has to see to says so by itself. */
function asLoginError(error: unknown): never {
  if (error instanceof LoginError) throw error
  if (error instanceof LoginSealError) throw new LoginError(error.message, { cause: error })
  throw new LoginError('no login can be read now: the record is away', { passing: true, cause: error })
}
