import { createHash, hkdfSync } from 'node:crypto'
import { canonicalJson } from '../../shared/json.ts'
import { arrayOf } from '../../shared/postgres/array-of.ts'
import { type Sql, withClient } from '../../shared/postgres/connect.ts'
import {
  howToLogIn,
  type ListedLogin,
  type Login,
  type LoginKey,
  LoginSealError,
  type LoginSecrets,
} from '../model/login.ts'
import { withAdvisoryLock } from './advisory-lock.ts'
import { unlessUnavailable } from './patience.ts'
import { unwrap, wrap } from './wrap.ts'

/** The logins of principals at servers elsewhere. Every statement is about one login, or the logins of one tenant. */
export interface ServerLogins {
  /** Undefined where there is none. Throws where its secrets do not open: with what to do about it. */
  find(key: LoginKey): Promise<Login | undefined>
  /** Records a login, in the place of the one before. */
  put(login: Login): Promise<void>
  /** Forgets a login and its tokens; false where there is none. */
  remove(key: LoginKey): Promise<boolean>
  /** Of a tenant, in the order of servers and principals. */
  list(tenant: string): Promise<ListedLogin[]>
  /**
   * Does the work alone among all processes that share the record: a refresh token that is used twice ends the login. The
   * lock is Postgres's, so a process that dies lets it go.
   */
  alone<Result>(key: LoginKey, work: () => Promise<Result>): Promise<Result>
}

export interface ServerLoginsOptions {
  /** A client of the role `remit_journal`, and its URL. */
  sql: Sql
  url: string
  /** What the tokens are sealed with; asked for when it is first needed. Postgres never sees it. */
  key: () => Promise<Uint8Array>
}

/** Opens the logins; no key is asked for before there is something to seal. */
export function openServerLogins({ sql, url, key }: ServerLoginsOptions): ServerLogins {
  let asked: Promise<SealingKey> | undefined
  const sealingKey = (): Promise<SealingKey> => {
    asked ??= key()
      .then(sealingKeyOf)
      .catch((error: unknown) => {
        asked = undefined
        throw error
      })
    return asked
  }

  const open = async ({ key_id, sealed, ...row }: LoginRow): Promise<Login> => {
    const login = loginOf(row)
    const { server, principal } = login
    const own = await sealingKey()
    const advice = `log in again: ${howToLogIn(login)}`
    if (key_id !== own.key_id)
      throw new LoginSealError(`the login of ${principal} at ${server} was sealed with another key; ${advice}`)
    try {
      const text = unwrap(own.key, contextOf(login), sealed).toString('utf8')
      return { ...login, secrets: JSON.parse(text) as LoginSecrets }
    } catch (cause) {
      throw new LoginSealError(`the login of ${principal} at ${server} was altered in the record; ${advice}`, { cause })
    }
  }

  return {
    find: ({ tenant, principal, server }) =>
      unlessUnavailable(async () => {
        const [row] = await sql<LoginRow[]>`
          SELECT ${columns(sql)}, key_id, secrets AS sealed FROM remit.server_logins
          WHERE tenant = ${tenant} AND principal = ${principal} AND server = ${server}`
        return row && open(row)
      }),
    put: (login) =>
      unlessUnavailable(async () => {
        const { key_id, key: own } = await sealingKey()
        const sealed = wrap(own, contextOf(login), Buffer.from(JSON.stringify(login.secrets)))
        await sql`
          INSERT INTO remit.server_logins (tenant, principal, server, login_id, issuer, resource, scopes, expires_at,
            made_at, made_by, renewed_at, renewable, ended, key_id, secrets)
          VALUES (${login.tenant}, ${login.principal}, ${login.server}, ${login.login_id}, ${login.issuer},
            ${login.resource}, ${arrayOf(login.scopes)}::text[], ${login.expires_at ?? null}::text::timestamptz,
            ${login.made_at}::text::timestamptz, ${login.made_by}, ${login.renewed_at ?? null}::text::timestamptz,
            ${login.secrets.refresh_token !== undefined}, ${login.ended ?? null}, ${key_id}, ${sealed})
          ON CONFLICT ON CONSTRAINT server_logins_key DO UPDATE SET
            login_id = excluded.login_id, issuer = excluded.issuer, resource = excluded.resource,
            scopes = excluded.scopes, expires_at = excluded.expires_at, made_at = excluded.made_at,
            made_by = excluded.made_by, renewed_at = excluded.renewed_at, renewable = excluded.renewable,
            ended = excluded.ended, key_id = excluded.key_id, secrets = excluded.secrets`
      }),
    remove: ({ tenant, principal, server }) =>
      unlessUnavailable(async () => {
        const { count } = await sql`
          DELETE FROM remit.server_logins
          WHERE tenant = ${tenant} AND principal = ${principal} AND server = ${server}`
        return count > 0
      }),
    list: (tenant) => unlessUnavailable(() => listLogins(sql, tenant)),
    // A connection of its own: the lock is the session's, and it may be held for as long as an answer takes.
    alone: (key, work) =>
      unlessUnavailable(() => withClient(url, 'login', (lock) => withAdvisoryLock(lock, lockOf(key), work))),
  }
}

/** What of a tenant's logins is nobody's secret; takes no key. */
export async function listLogins(sql: Sql, tenant: string): Promise<ListedLogin[]> {
  const rows = await sql<(ClearRow & { renewable: boolean })[]>`
    SELECT ${columns(sql)}, renewable FROM remit.server_logins
    WHERE tenant = ${tenant} ORDER BY server, principal`
  return rows.map(({ renewable, ...row }) => ({ ...loginOf(row), renewable }))
}

type ClearLogin = Omit<Login, 'secrets'>

type Instants = 'expires_at' | 'made_at' | 'renewed_at'

interface ClearRow extends Omit<ClearLogin, Instants | 'ended'> {
  expires_at: Date | null
  made_at: Date
  renewed_at: Date | null
  ended: string | null
}

interface LoginRow extends ClearRow {
  key_id: string
  sealed: Buffer
}

interface SealingKey {
  key_id: string
  key: Buffer
}

function sealingKeyOf(secret: Uint8Array): SealingKey {
  const derive = (purpose: string, bytes: number) =>
    Buffer.from(hkdfSync('sha256', secret, new Uint8Array(), `remit server logins: ${purpose}`, bytes))
  return { key: derive('seal', 32), key_id: createHash('sha256').update(derive('name', 32)).digest('hex').slice(0, 16) }
}

/** Whoever can write rows cannot make a login's tokens those of another, nor send them elsewhere. */
function contextOf({ tenant, principal, server, login_id, issuer, resource }: ClearLogin): string {
  return `remit.server-login.v1:${canonicalJson([tenant, principal, server, login_id, issuer, resource])}`
}

function lockOf({ tenant, principal, server }: LoginKey): string {
  return `remit server login ${canonicalJson([tenant, principal, server])}`
}

/** The clients do not know arrays of texts, and JSON they do. */
function columns(sql: Sql) {
  return sql`tenant, principal, server, login_id, issuer, resource, to_json(scopes) AS scopes, expires_at, made_at,
    made_by, renewed_at, ended`
}

function loginOf({ expires_at, made_at, renewed_at, ended, ...row }: ClearRow): ClearLogin {
  return {
    ...row,
    made_at: made_at.toISOString(),
    ...(expires_at && { expires_at: expires_at.toISOString() }),
    ...(renewed_at && { renewed_at: renewed_at.toISOString() }),
    ...(ended !== null && { ended }),
  }
}
