import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  check,
  customType,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgSchema,
  primaryKey,
  smallint,
  text,
  timestamp,
  uuid,
} from 'drizzle-orm/pg-core'
import { runStatuses } from '../model/run.ts'

const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' })
const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3 })

/** Everything that Remit itself keeps; people read it through the views in `query`. */
export const remit = pgSchema('remit')

/** The append-only record. The migration partitions it by the month in `run_id` (uuidv7), which drizzle cannot say. */
export const events = remit.table(
  'events',
  {
    run_id: uuid('run_id').notNull(),
    seq: integer('seq').notNull(),
    type: text('type').notNull(),
    v: smallint('v').notNull(),
    data: jsonb('data').notNull(),
    at: instant('at').notNull(),
    prev_hash: bytea('prev_hash').notNull(),
    hash: bytea('hash').notNull(),
    tenant: text('tenant').notNull(),
  },
  (table) => [
    primaryKey({ name: 'events_fence', columns: [table.run_id, table.seq] }),
    /** Few events are waits, and what waits is asked for often. */
    index('events_waits').on(table.run_id, table.seq).where(sql`${table.type} IN ('wait_started', 'wait_ended')`),
  ],
)

/** The one mutable table: what finds runs that need work. Rebuildable from events. */
export const runs = remit.table(
  'runs',
  {
    run_id: uuid('run_id').primaryKey(),
    tenant: text('tenant').notNull(),
    principal: text('principal').notNull(),
    goal: text('goal').notNull(),
    mode: text('mode', { enum: ['emulated', 'live'] }).notNull(),
    status: text('status', { enum: runStatuses }).notNull(),
    wake_at: instant('wake_at'),
    /** From when on a worker may take the run; never, where a person has to answer first. */
    due_at: instant('due_at')
      .notNull()
      .generatedAlwaysAs(
        sql`coalesce(wake_at, CASE status WHEN 'waiting' THEN 'infinity'::timestamptz ELSE created_at END)`,
      ),
    lease_owner: text('lease_owner'),
    lease_until: instant('lease_until'),
    parent_run: uuid('parent_run'),
    created_at: instant('created_at').notNull(),
    updated_at: instant('updated_at').notNull(),
  },
  (table) => [
    check(
      'runs_status',
      sql`${table.status} IN ('queued', 'running', 'waiting', 'compensating', 'succeeded', 'failed', 'cancelled')`,
    ),
    index('runs_of_tenant').on(table.tenant, table.run_id),
    index('runs_of_status').on(table.tenant, table.status, table.run_id),
    index('runs_due')
      .on(table.due_at, table.run_id)
      .where(sql`${table.status} IN ('queued', 'running', 'waiting', 'compensating')`),
    index('runs_updated').on(table.updated_at),
  ],
)

/** What is too large for an event, once for each run, by its digest; partitioned as events are. */
export const payloads = remit.table(
  'payloads',
  { run_id: uuid('run_id').notNull(), digest: text('digest').notNull(), content: text('content').notNull() },
  (table) => [primaryKey({ name: 'payloads_content', columns: [table.run_id, table.digest] })],
)

/** The key of each run's sealed fields, wrapped by a key outside Postgres; null once it was erased. */
export const run_keys = remit.table('run_keys', {
  run_id: uuid('run_id').primaryKey(),
  wrapped_key: bytea('wrapped_key'),
  created_at: instant('created_at').notNull(),
  erased_at: instant('erased_at'),
})

/** Signed statements of where the chains stood; each names the digest of the one before it. */
export const signed_heads = remit.table(
  'signed_heads',
  {
    id: bigint('id', { mode: 'number' }).primaryKey(),
    /** What the digest is over: 1, all heads; 2, the root of their tree. */
    v: smallint('v').notNull().default(1),
    at: instant('at').notNull(),
    heads: jsonb('heads').notNull(),
    prev_digest: bytea('prev_digest').notNull(),
    digest: bytea('digest').notNull(),
    key_id: text('key_id').notNull(),
    signature: bytea('signature').notNull(),
  },
  (table) => [
    index('signed_heads_at').on(table.at),
    index('signed_heads_runs').using('gin', table.heads.op('jsonb_path_ops')),
  ],
)

/** What a reader must know to prove which tenant it reads for; one row. */
export const tenant_secret = remit.table('tenant_secret', { secret: bytea('secret').notNull() })

/** Who may use Remit over the network. A key's secret is nowhere; this is its digest. */
export const api_keys = remit.table(
  'api_keys',
  {
    key_id: text('key_id').primaryKey(),
    tenant: text('tenant').notNull(),
    principal: text('principal').notNull(),
    name: text('name').notNull(),
    secret_digest: bytea('secret_digest').notNull(),
    scopes: text('scopes').array().notNull(),
    /** The only goals that it may pursue; any where it is null. */
    goals: text('goals').array(),
    /** The greatest effect that its runs may have; any where it is null. */
    effect: text('effect'),
    /** US dollars that one of its runs may spend. */
    cost_usd: doublePrecision('cost_usd'),
    requests_per_minute: integer('requests_per_minute').notNull(),
    created_at: instant('created_at').notNull(),
    created_by: text('created_by').notNull(),
    expires_at: instant('expires_at'),
    revoked_at: instant('revoked_at'),
    last_used_at: instant('last_used_at'),
  },
  (table) => [index('api_keys_of_tenant').on(table.tenant, table.created_at)],
)

/** What was asked for under an idempotency key, by digest, and the run that it got. */
export const run_requests = remit.table(
  'run_requests',
  {
    tenant: text('tenant').notNull(),
    principal: text('principal').notNull(),
    idempotency_key: text('idempotency_key').notNull(),
    request_digest: text('request_digest').notNull(),
    run_id: uuid('run_id').notNull(),
    created_at: instant('created_at').notNull(),
  },
  (table) => [
    primaryKey({ name: 'run_requests_key', columns: [table.tenant, table.principal, table.idempotency_key] }),
    index('run_requests_age').on(table.created_at),
  ],
)

/** What a trigger delivered, once, and the run that it got; a schedule's delivery is its instant. */
export const trigger_deliveries = remit.table(
  'trigger_deliveries',
  {
    trigger: text('trigger').notNull(),
    delivery_id: text('delivery_id').notNull(),
    run_id: uuid('run_id').notNull(),
    due_at: instant('due_at'),
    received_at: instant('received_at').notNull(),
  },
  (table) => [
    primaryKey({ name: 'trigger_deliveries_once', columns: [table.trigger, table.delivery_id] }),
    index('trigger_deliveries_due').on(table.trigger, table.due_at).where(sql`${table.due_at} IS NOT NULL`),
    index('trigger_deliveries_age').on(table.received_at),
  ],
)

/** Since when each schedule is known: what was due before that, nobody has missed. */
export const schedules = remit.table('schedules', {
  trigger: text('trigger').primaryKey(),
  since: instant('since').notNull(),
})

/** Messages that wait to become runs; gone once the run is recorded, and kept with the reason where they cannot become one. */
export const outbox = remit.table(
  'outbox',
  {
    position: bigint('position', { mode: 'number' }).generatedAlwaysAsIdentity(),
    queue: text('queue').notNull(),
    message_id: text('message_id').notNull(),
    body: jsonb('body').notNull(),
    attempts: integer('attempts').notNull().default(0),
    enqueued_at: instant('enqueued_at').notNull(),
    available_at: instant('available_at').notNull(),
    refused: text('refused'),
  },
  (table) => [
    primaryKey({ name: 'outbox_message', columns: [table.queue, table.message_id] }),
    index('outbox_next').on(table.queue, table.position).where(sql`${table.refused} IS NULL`),
  ],
)

/** Logins of principals at servers elsewhere: their tokens are sealed under a key outside Postgres. */
export const server_logins = remit.table(
  'server_logins',
  {
    tenant: text('tenant').notNull(),
    principal: text('principal').notNull(),
    server: text('server').notNull(),
    login_id: uuid('login_id').notNull(),
    issuer: text('issuer').notNull(),
    resource: text('resource').notNull(),
    scopes: text('scopes').array().notNull(),
    expires_at: instant('expires_at'),
    made_at: instant('made_at').notNull(),
    made_by: text('made_by').notNull(),
    renewed_at: instant('renewed_at'),
    renewable: boolean('renewable').notNull(),
    ended: text('ended'),
    /** Which key the secrets are sealed under. */
    key_id: text('key_id').notNull(),
    secrets: bytea('secrets').notNull(),
  },
  (table) => [primaryKey({ name: 'server_logins_key', columns: [table.tenant, table.principal, table.server] })],
)
