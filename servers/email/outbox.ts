import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** A message as the outbox knows it before it is handed to the mail server. */
export interface Entry {
  /** The idempotency key: one row, and at most one accepted message, for each. */
  key: string
  /** Digest over everything that was asked for, so that one key cannot stand for two messages. */
  digest: string
  runId: string
  messageId: string
  recipient: string
  subject: string
  organizationId?: string | undefined
}

/** What the mail server said when it took the message. */
export interface Acceptance {
  accepted: string[]
  response: string
  file?: string | undefined
}

/** Why the mail server did not take a message: `deferred` for now, `bounced` for good, or it was never asked (`unsent`). */
export interface Refusal {
  state: 'deferred' | 'bounced' | 'unsent'
  /** The number of the mail server's reply, where there was one. */
  reply?: string | undefined
}

/**
 * A message in the outbox. `sending` without an acceptance means doubt: the process died, or the reply was lost, between
 * handing the message over and hearing about it.
 */
export type Delivery = Entry & { recordedAt: string } & (
    | { status: 'sending' }
    | ({ status: 'refused' } & Refusal)
    | ({ status: 'accepted' } & Acceptance)
  )

/** What {@link Outbox.find} narrows by; the newest match wins. */
export interface DeliveryQuery {
  recipient: string
  subject?: string | undefined
  organizationId?: string | undefined
  messageId?: string | undefined
  key?: string | undefined
  runId?: string | undefined
}

/** The server's memory of what it sent: written before a message goes out and again when the mail server has answered. */
export interface Outbox {
  /** Claims the key before sending. Answers the row that is already there when it was accepted or is in doubt. */
  begin(entry: Entry): Delivery | undefined
  accept(key: string, acceptance: Acceptance): void
  /** Records that the message was provably not taken, and why, so that the same key may be sent again. */
  refuse(key: string, refusal: Refusal): void
  find(query: DeliveryQuery): Delivery | undefined
  close(): void
}

const schema = `
  CREATE TABLE IF NOT EXISTS deliveries (
    key TEXT PRIMARY KEY,
    digest TEXT NOT NULL,
    run_id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    organization_id TEXT,
    status TEXT NOT NULL CHECK (status IN ('sending', 'accepted', 'refused')),
    acceptance TEXT,
    refusal TEXT,
    recorded_at TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS deliveries_by_recipient ON deliveries (recipient)`

/** Opens the outbox in the server's private folder; several processes may have it open at once. */
export function openOutbox(dataFolder: string): Outbox {
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 })
  const path = join(dataFolder, 'outbox.sqlite')
  const database = new DatabaseSync(path, { timeout: 5_000 })
  chmodSync(path, 0o600)
  database.exec(schema)
  addMissingColumn(database)
  // Claiming is one statement, so that of two processes with one key only one sends.
  const claim = database.prepare(`
    INSERT INTO deliveries (key, digest, run_id, message_id, recipient, subject, organization_id, status, recorded_at)
    VALUES (:key, :digest, :runId, :messageId, :recipient, :subject, :organizationId, 'sending', :recordedAt)
    ON CONFLICT (key) DO UPDATE SET status = 'sending', refusal = NULL, recorded_at = excluded.recorded_at
      WHERE status = 'refused' AND digest = excluded.digest
    RETURNING key`)
  const byKey = database.prepare('SELECT * FROM deliveries WHERE key = ?')
  const settle = database.prepare('UPDATE deliveries SET status = ?, acceptance = ?, refusal = ? WHERE key = ?')
  const newest = database.prepare(`
    SELECT * FROM deliveries
    WHERE recipient = :recipient
      AND (:subject IS NULL OR subject = :subject)
      AND (:organizationId IS NULL OR organization_id = :organizationId)
      AND (:messageId IS NULL OR message_id = :messageId)
      AND (:key IS NULL OR key = :key)
      AND (:runId IS NULL OR run_id = :runId)
    ORDER BY recorded_at DESC, rowid DESC LIMIT 1`)
  return {
    begin(entry) {
      const recordedAt = new Date().toISOString()
      const claimed = claim.get({ ...entry, organizationId: entry.organizationId ?? null, recordedAt })
      return claimed ? undefined : toDelivery(byKey.get(entry.key))
    },
    accept: (key, acceptance) => void settle.run('accepted', JSON.stringify(acceptance), null, key),
    refuse: (key, refusal) => void settle.run('refused', null, JSON.stringify(refusal), key),
    find: ({ recipient, subject, organizationId, messageId, key, runId }) =>
      toDelivery(
        newest.get({
          recipient,
          subject: subject ?? null,
          organizationId: organizationId ?? null,
          messageId: messageId ?? null,
          key: key ?? null,
          runId: runId ?? null,
        }),
      ),
    close: () => database.close(),
  }
}

function toDelivery(row: Record<string, unknown> | undefined): Delivery | undefined {
  if (!row) return undefined
  const entry = {
    key: String(row.key),
    digest: String(row.digest),
    runId: String(row.run_id),
    messageId: String(row.message_id),
    recipient: String(row.recipient),
    subject: String(row.subject),
    organizationId: row.organization_id === null ? undefined : String(row.organization_id),
    recordedAt: String(row.recorded_at),
  }
  if (row.status === 'accepted') {
    return { ...entry, status: 'accepted', ...(JSON.parse(String(row.acceptance)) as Acceptance) }
  }
  if (row.status !== 'refused') return { ...entry, status: 'sending' }
  const refusal = row.refusal === null ? { state: 'unsent' as const } : (JSON.parse(String(row.refusal)) as Refusal)
  return { ...entry, status: 'refused', ...refusal }
}

/** Outboxes of an earlier version do not say why a message was refused. */
function addMissingColumn(database: DatabaseSync): void {
  const columns = database.prepare('PRAGMA table_info(deliveries)').all()
  if (!columns.some(({ name }) => name === 'refusal')) database.exec('ALTER TABLE deliveries ADD COLUMN refusal TEXT')
}
