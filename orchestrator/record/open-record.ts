import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Json } from '../../shared/json.ts'
import { connect, type Sql } from '../../shared/postgres/connect.ts'
import type { Home } from '../home/home.ts'
import { keyFile } from '../home/key-file.ts'
import type { Membership } from '../home/shared-process.ts'
import type { Owner } from '../model/run.ts'
import { type ApiKeys, openApiKeys } from './api-keys.ts'
import { bootstrap } from './bootstrap.ts'
import { type EmbeddedPostgres, ensurePostgres } from './embedded-postgres.ts'
import { type Exporter, openExporter } from './export-run.ts'
import { type Growth, openGrowth } from './growth.ts'
import { type Journal, openJournal } from './journal.ts'
import { type Keyring, openKeyring } from './keyring.ts'
import { lastNoted } from './last-noted.ts'
import { migrate } from './migrate.ts'
import { type Outbox, openOutbox } from './outbox.ts'
import { unlessUnavailable } from './patience.ts'
import { openQueries, type Queries, readerUrl } from './queries.ts'
import { openRunQueue, type RunQueue } from './run-queue.ts'
import { openRunRequests, type RunRequests } from './run-requests.ts'
import { openServerLogins, type ServerLogins } from './server-logins.ts'
import { ensureServerRole, type ServerDatabase } from './server-roles.ts'
import { openHeadSigner } from './signed-heads.ts'
import { openTriggerDeliveries, type TriggerDeliveries } from './trigger-deliveries.ts'
import { openVerifier, type Verifier } from './verify.ts'

export interface RecordOptions {
  home: Home
  membership: Membership
  /** The owner's URL of an external Postgres; without it, the embedded one of the home is used. */
  databaseUrl?: string | undefined
  /** Milliseconds that an append or a wake waits for a Postgres that is away; 5 s unless said. */
  patienceMs?: number
  now?(): Date
}

/** Everything that Remit keeps in Postgres, open for one command. */
export interface OpenRecord {
  journal: Journal
  /** For what people say of runs that this process may be pursuing at the same time: it holds no run's end for long. */
  desk: Journal
  keyring: Keyring
  queries: Queries
  queue: RunQueue
  /** Which runs have grown, in any process. */
  growth: Growth
  apiKeys: ApiKeys
  runRequests: RunRequests
  triggerDeliveries: TriggerDeliveries
  outbox: Outbox
  /** Where a shell reads the views of one tenant. Holds a password: never log it. */
  readerUrl(tenant: string): string
  /** The details of the latest note of a kind in the system stream. */
  lastNoted(what: string): Promise<Json | undefined>
  verifier: Verifier
  exporter: Exporter
  /** Signs where the chains stand, so that a later `verify` finds what was cut off; returns how many chains had grown. */
  signHeads(): Promise<number>
  /** The URL, with password, of a capability server's own role; made when first asked for. */
  serverDatabase(wanted: ServerDatabase): Promise<string>
  /** Logins at servers elsewhere, sealed with a secret of the operator's, or with a key in this home. */
  serverLogins(secret?: () => Promise<Uint8Array>): ServerLogins
  /** Whose run it is. */
  ownerOf(run_id: string): Promise<Owner>
  /** Makes the partitions of events for the months ahead; to be called now and then by who runs for long. */
  ensurePartitions(): Promise<void>
  /** Absent where the Postgres is an external one. */
  embedded?: EmbeddedPostgres
  close(): Promise<void>
}

/** How many months have their partition ready. */
const monthsAhead = 3

/** Starts or joins Postgres, brings it up to date and opens the record. */
export async function openRecord({
  home,
  membership,
  databaseUrl,
  patienceMs = 5_000,
  now = () => new Date(),
}: RecordOptions): Promise<OpenRecord> {
  const embedded = databaseUrl === undefined ? await ensurePostgres(membership, home) : undefined
  const ownerUrl = embedded ? await bootstrap(embedded.adminUrl, home) : String(databaseUrl)
  const { journalUrl, queryUrl, tenantSecret } = await migrate(ownerUrl, home)
  let closing = false
  const onClose = () => {
    if (!closing) embedded?.revive()
  }
  const sql = connect(journalUrl, { max: 2, name: 'record', onClose })
  const reader = connect(queryUrl, { max: 4, name: 'queries', onClose })
  const growth = openGrowth(sql, journalUrl)
  const journalOptions = { url: journalUrl, now, patienceMs, onClose, onAppended: growth.tell }
  const journal = openJournal(journalOptions)
  const desk = openJournal(journalOptions)
  const queue = openRunQueue({ url: journalUrl, sql, holder: holderName(), patienceMs, onClose })
  const outbox = openOutbox(journalUrl)
  const ensurePartitions = async () => {
    await unlessUnavailable(() => sql`SELECT remit.ensure_partitions(${now()}, ${monthsAhead})`)
  }
  const close = async () => {
    closing = true
    await Promise.all([journal.close(), desk.close(), queue.close()])
    await Promise.all([growth.close(), outbox.close()])
    await Promise.all([sql.end({ timeout: 1 }), reader.end({ timeout: 1 })])
  }
  try {
    const [keyring, signer, digestKey] = await Promise.all([
      openKeyring({ sql, home, now }),
      openHeadSigner({ sql, home, now }),
      keyFile(join(home.keys, 'requests.key'), () => randomBytes(32)),
      ensurePartitions(),
    ])
    return {
      journal,
      desk,
      keyring,
      queries: openQueries(reader, tenantSecret),
      queue,
      growth,
      apiKeys: openApiKeys({ sql, now }),
      runRequests: openRunRequests({ sql, digestKey, now }),
      triggerDeliveries: openTriggerDeliveries({ sql, now }),
      outbox,
      readerUrl: (tenant) => readerUrl(queryUrl, tenantSecret, tenant),
      lastNoted: (what) => lastNoted(sql, what),
      verifier: openVerifier(sql, signer),
      exporter: openExporter({ sql, signer, now }),
      signHeads: signer.signHeads,
      serverDatabase: (wanted) => ensureServerRole(ownerUrl, home, wanted),
      serverLogins: (secret = () => keyFile(join(home.keys, 'logins.key'), () => randomBytes(32))) =>
        openServerLogins({ sql, url: journalUrl, key: secret }),
      ownerOf: (run_id) => ownerOf(sql, run_id),
      ensurePartitions,
      ...(embedded && { embedded }),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function ownerOf(sql: Sql, run_id: string): Promise<Owner> {
  const [owner] = await unlessUnavailable(
    () => sql<Owner[]>`SELECT tenant, principal FROM remit.runs WHERE run_id = ${run_id}`,
  )
  if (!owner) throw new RangeError(`there is no run ${run_id} in the record`)
  return { ...owner }
}

/** Names this process to people; the last part makes it unlike any other that had the same pid. */
function holderName(): string {
  return `process ${process.pid} on ${hostname()} (${randomBytes(4).toString('hex')})`
}
