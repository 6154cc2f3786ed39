import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Effect } from '../../shared/manifest.ts'
import { arrayOf } from '../../shared/postgres/array-of.ts'
import type { Sql } from '../../shared/postgres/connect.ts'
import type { Caller, Ceiling, KnownKey, NewKey, Scope } from '../model/caller.ts'
import type { Owner } from '../model/run.ts'
import { unlessUnavailable } from './patience.ts'

/** Who may use Remit over the network. Every statement is about one key, or the keys of one tenant. */
export interface ApiKeys {
  /** Makes a key; its text is returned here and never again. */
  create(key: NewKey): Promise<{ key_id: string; text: string }>
  /**
   * Records a key whose text somebody keeps already, unless it is there. False where it was revoked, or has expired: that it
   * was made again does not bring it back.
   */
  register(text: string, key: NewKey): Promise<boolean>
  /** Who a key stands for; undefined where there is no such key, or not any more. */
  callerOf(text: string): Promise<Caller | undefined>
  /** The keys of a tenant, the newest first. */
  list(tenant: string): Promise<KnownKey[]>
  /** False where the tenant has no such key that was not revoked already. */
  revoke(tenant: string, key_id: string): Promise<boolean>
}

/** The text of a new key. Its id is no secret: lists and logs show it. */
export function makeApiKey(): string {
  return `remit_${randomBytes(8).toString('hex')}_${randomBytes(32).toString('base64url')}`
}

interface KeyText {
  key_id: string
  digest: Buffer
}

/** The secret has 256 random bits, so its digest gives nothing away and need not be slow. */
function parseApiKey(text: string): KeyText | undefined {
  const [, key_id, secret] = /^remit_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/.exec(text) ?? []
  if (key_id === undefined || secret === undefined) return undefined
  return { key_id, digest: createHash('sha256').update(secret).digest() }
}

/** `sql` is a client of the role `remit_journal`. */
export function openApiKeys({ sql, now }: { sql: Sql; now(): Date }): ApiKeys {
  const insert = async ({ key_id, digest }: KeyText, key: NewKey): Promise<void> => {
    const { goals, effect, cost_usd } = key.ceiling
    await sql`
      INSERT INTO remit.api_keys (key_id, tenant, principal, name, secret_digest, scopes, goals, effect, cost_usd,
        requests_per_minute, created_at, created_by, expires_at)
      VALUES (${key_id}, ${key.tenant}, ${key.principal}, ${key.name}, ${digest}, ${arrayOf(key.scopes)}::text[],
        ${goals ? arrayOf(goals) : null}::text[], ${effect ?? null}, ${cost_usd ?? null}, ${key.requests_per_minute},
        ${now()}, ${key.created_by}, ${key.expires_at ?? null})
      ON CONFLICT (key_id) DO NOTHING`
  }

  const validKey = async (text: string): Promise<KeyRow | undefined> => {
    const given = parseApiKey(text)
    if (!given) return undefined
    const [row] = await sql<(KeyRow & { secret_digest: Buffer })[]>`
      SELECT ${columns(sql)}, secret_digest FROM remit.api_keys WHERE key_id = ${given.key_id}`
    if (!row || !timingSafeEqual(row.secret_digest, given.digest)) return undefined
    const ended = row.revoked_at !== null || (row.expires_at !== null && row.expires_at <= now())
    return ended ? undefined : row
  }

  /** People want to know which keys are in use; a minute's precision saves a write for each request. */
  const noteUse = ({ key_id, last_used_at }: KeyRow): void => {
    if (last_used_at && now().getTime() - last_used_at.getTime() < 60_000) return
    // A use that is not noted is no reason to refuse it.
    void sql`UPDATE remit.api_keys SET last_used_at = ${now()} WHERE key_id = ${key_id}`.catch(() => {})
  }

  return {
    create: (key) =>
      unlessUnavailable(async () => {
        const text = makeApiKey()
        const made = parseApiKey(text)
        if (!made) throw new TypeError('a key that was made here cannot be read')
        await insert(made, key)
        return { key_id: made.key_id, text }
      }),
    register: (text, key) =>
      unlessUnavailable(async () => {
        const given = parseApiKey(text)
        if (!given) return false
        await insert(given, key)
        return (await validKey(text)) !== undefined
      }),
    callerOf: (text) =>
      unlessUnavailable(async () => {
        const row = await validKey(text)
        if (!row) return undefined
        noteUse(row)
        const { key_id, tenant, principal, requests_per_minute } = row
        return {
          id: `key:${key_id}`,
          tenant,
          principal,
          scopes: new Set(row.scopes),
          ceiling: ceilingOf(row),
          requests_per_minute,
          ...(row.expires_at === null ? {} : { expires_at: row.expires_at }),
        }
      }),
    list: (tenant) =>
      unlessUnavailable(async () => {
        const rows = await sql<KeyRow[]>`
          SELECT ${columns(sql)} FROM remit.api_keys WHERE tenant = ${tenant} ORDER BY created_at DESC, key_id`
        return rows.map(toApiKey)
      }),
    revoke: (tenant, key_id) =>
      unlessUnavailable(async () => {
        const rows = await sql`
          UPDATE remit.api_keys SET revoked_at = ${now()}
          WHERE tenant = ${tenant} AND key_id = ${key_id} AND revoked_at IS NULL RETURNING key_id`
        return rows.length > 0
      }),
  }
}

interface KeyRow extends Owner {
  key_id: string
  name: string
  scopes: Scope[]
  goals: string[] | null
  effect: Effect | null
  cost_usd: number | null
  requests_per_minute: number
  created_at: Date
  created_by: string
  expires_at: Date | null
  revoked_at: Date | null
  last_used_at: Date | null
}

/** The clients do not know arrays of texts, and JSON they do. */
function columns(sql: Sql) {
  return sql`key_id, tenant, principal, name, to_json(scopes) AS scopes, to_json(goals) AS goals, effect, cost_usd,
    requests_per_minute, created_at, created_by, expires_at, revoked_at, last_used_at`
}

function ceilingOf({ goals, effect, cost_usd }: KeyRow): Ceiling {
  return {
    ...(goals === null ? {} : { goals }),
    ...(effect === null ? {} : { effect }),
    ...(cost_usd === null ? {} : { cost_usd }),
  }
}

function toApiKey(row: KeyRow): KnownKey {
  const {
    goals: _goals,
    effect: _effect,
    cost_usd: _cost,
    created_at,
    expires_at,
    revoked_at,
    last_used_at,
    ...key
  } = row
  return {
    ...key,
    ceiling: ceilingOf(row),
    created_at: created_at.toISOString(),
    ...(expires_at === null ? {} : { expires_at: expires_at.toISOString() }),
    ...(revoked_at === null ? {} : { revoked_at: revoked_at.toISOString() }),
    ...(last_used_at === null ? {} : { last_used_at: last_used_at.toISOString() }),
  }
}
