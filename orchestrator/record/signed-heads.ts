import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { canonicalJson } from '../../shared/json.ts'
import type { Home } from '../home/home.ts'
import { systemStream } from '../model/event.ts'
import type { Sql } from './connect.ts'
import { isFenced } from './record-errors.ts'
import { keyFile } from './secret-key.ts'

/** Where one run's chain stood: its last event, as run, sequence number and hash in hex. */
export type SignedHead = [run_id: string, seq: number, hash: string]

/** One signed statement of where chains stood. */
export interface Signing {
  id: number
  at: string
  heads: SignedHead[]
  /** Digest of the statement before, in hex, so that none can be taken out. */
  prev_digest: string
}

/** What is wrong with the signed heads themselves. */
export interface SigningProblem {
  id: number
  what: string
}

/** Signs, with a key kept outside Postgres, where all chains stand; `verify` later finds what was cut off or rewritten since. */
export interface HeadSigner {
  /** Signs the chains that grew since the last signing; returns how many. */
  signHeads(): Promise<number>
  /** All signings in order, each checked: signature, chain, and that the last one this home knows of is there. */
  checkedSignings(): Promise<{ signings: Signing[]; problems: SigningProblem[] }>
}

const noDigest = '0'.repeat(64)
/** Runs that changed shortly before the last signing are looked at again: other workers' clocks may differ. */
const overlapMs = 60_000

/** The signer over a client of the journal's role. */
export async function openHeadSigner({ sql, home, now }: { sql: Sql; home: Home; now(): Date }): Promise<HeadSigner> {
  const pem = await keyFile(join(home.keys, 'heads.key'), () => {
    const { privateKey } = generateKeyPairSync('ed25519')
    return Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' }))
  })
  const privateKey = createPrivateKey(pem)
  const publicKey = createPublicKey(privateKey)
  const keyId = keyIdOf(publicKey)
  const memory = join(home.keys, 'heads.json')

  const signOnce = async (): Promise<number> => {
    const [last] = await sql<{ id: string; at: Date; digest: string }[]>`
      SELECT id, at, encode(digest, 'hex') AS digest FROM remit.signed_heads ORDER BY id DESC LIMIT 1`
    const heads = await headsSince(sql, last && new Date(last.at.getTime() - overlapMs))
    const known = await alreadySigned(sql, last && new Date(last.at.getTime() - 2 * overlapMs))
    const grown = heads.filter(([run_id, seq]) => (known.get(run_id) ?? 0) < seq)
    if (grown.length === 0) return 0
    const signing: Signing = {
      id: Number(last?.id ?? 0) + 1,
      at: now().toISOString(),
      heads: grown,
      prev_digest: last?.digest ?? noDigest,
    }
    const digest = digestOf(signing)
    await sql`
      INSERT INTO remit.signed_heads (id, at, heads, prev_digest, digest, key_id, signature)
      VALUES (${signing.id}, ${signing.at}, ${JSON.stringify(grown)}::text::jsonb, decode(${signing.prev_digest}, 'hex'), ${digest}, ${keyId},
        ${sign(null, digest, privateKey)})`
    await remember(memory, { id: signing.id, digest: digest.toString('hex') })
    return grown.length
  }

  return {
    async signHeads() {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await signOnce()
        } catch (error) {
          // Another command signed at the same moment: what it left out is signed after it.
          if (!isFenced(error) || attempt === 10) throw error
        }
      }
    },
    async checkedSignings() {
      const rows = await sql<SigningRow[]>`
        SELECT id, at, heads, encode(prev_digest, 'hex') AS prev_digest, digest, key_id, signature
        FROM remit.signed_heads ORDER BY id`
      const remembered = await recall(memory)
      return checkSignings(rows, { keyId, publicKey, remembered })
    },
  }
}

interface SigningRow {
  id: string
  at: Date
  heads: SignedHead[]
  prev_digest: string
  digest: Buffer
  key_id: string
  signature: Buffer
}

interface Remembered {
  id: number
  digest: string
}

function checkSignings(
  rows: readonly SigningRow[],
  { keyId, publicKey, remembered }: { keyId: string; publicKey: KeyObject; remembered: Remembered | undefined },
): { signings: Signing[]; problems: SigningProblem[] } {
  const signings: Signing[] = []
  const problems: SigningProblem[] = []
  let previous = noDigest
  for (const [index, row] of rows.entries()) {
    const signing: Signing = {
      id: Number(row.id),
      at: row.at.toISOString(),
      heads: row.heads,
      prev_digest: row.prev_digest,
    }
    const digest = digestOf(signing)
    const wrong = (what: string) => problems.push({ id: signing.id, what })
    if (signing.id !== index + 1) wrong(`signed heads ${index + 1} to ${signing.id - 1} are missing`)
    if (signing.prev_digest !== previous) wrong('these signed heads do not follow the ones before them')
    if (!digest.equals(row.digest)) wrong('these signed heads were altered')
    else if (row.key_id !== keyId)
      wrong(`these heads were signed with another key (${row.key_id}); this home has ${keyId}`)
    else if (!verify(null, digest, publicKey, row.signature)) wrong('the signature of these heads is false')
    else signings.push(signing)
    previous = row.digest.toString('hex')
    if (remembered?.id === signing.id && remembered.digest !== digest.toString('hex'))
      wrong('these signed heads are not the ones that this home signed')
  }
  if (remembered && remembered.id > rows.length)
    problems.push({ id: remembered.id, what: 'the last heads that this home signed are missing' })
  return { signings, problems }
}

/** The heads of the runs that may have grown: those not ended, those whose status changed lately, and the system stream. */
async function headsSince(sql: Sql, since: Date | undefined): Promise<SignedHead[]> {
  const rows = await sql<{ run_id: string; seq: number; hash: string }[]>`
    SELECT head.run_id, head.seq, encode(head.hash, 'hex') AS hash
    FROM (
      SELECT run_id FROM remit.runs
      WHERE ${since ?? null}::timestamptz IS NULL OR updated_at >= ${since ?? null}::timestamptz
        OR status IN ('queued', 'running', 'waiting', 'compensating')
      UNION ALL SELECT ${systemStream}::uuid
    ) AS run
    CROSS JOIN LATERAL (
      SELECT run_id, seq, hash, at FROM remit.events WHERE events.run_id = run.run_id ORDER BY seq DESC LIMIT 1
    ) AS head
    WHERE ${since ?? null}::timestamptz IS NULL OR head.at >= ${since ?? null}::timestamptz
    ORDER BY head.run_id`
  return rows.map(({ run_id, seq, hash }) => [run_id, seq, hash])
}

async function alreadySigned(sql: Sql, since: Date | undefined): Promise<Map<string, number>> {
  if (!since) return new Map()
  const rows = await sql<{ run_id: string; seq: number }[]>`
    SELECT head ->> 0 AS run_id, max((head ->> 1)::integer) AS seq
    FROM remit.signed_heads, jsonb_array_elements(heads) AS head WHERE at >= ${since} GROUP BY 1`
  return new Map(rows.map(({ run_id, seq }) => [run_id, seq]))
}

function digestOf({ id, at, heads, prev_digest }: Signing): Buffer {
  return createHash('sha256')
    .update(canonicalJson(['remit signed heads v1', id, at, heads, prev_digest]))
    .digest()
}

function keyIdOf(publicKey: KeyObject): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16)
}

async function remember(path: string, last: Remembered): Promise<void> {
  const draft = `${path}.${process.pid}`
  await writeFile(draft, JSON.stringify(last), { mode: 0o600 })
  await rename(draft, path)
}

async function recall(path: string): Promise<Remembered | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined)
  return text === undefined ? undefined : (JSON.parse(text) as Remembered)
}
