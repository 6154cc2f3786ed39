import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Sql } from '../../shared/postgres/connect.ts'
import type { Home } from '../home/home.ts'
import { keyFile } from '../home/key-file.ts'
import { systemStream } from '../model/event.ts'
import {
  checkOrder,
  checkSignings,
  noDigest,
  type Remembered,
  type SigningProblem,
  type SigningRow,
} from './check-signings.ts'
import { unlessUnavailable } from './patience.ts'
import { isFenced } from './record-errors.ts'
import { digestOfSigning, keyIdOf, publicKeyText, type SignedHead, type Signing, signingVersion } from './signing.ts'

/** Signs, with a key kept outside Postgres, where all chains stand; `verify` later finds what was cut off or rewritten since. */
export interface HeadSigner {
  /** Signs the chains that grew since the last signing; returns how many. */
  signHeads(): Promise<number>
  /**
   * The signings in order, each checked: all of them, and that none is missing from their chain, or those alone that name
   * a run.
   */
  checkedSignings(run_id?: string): Promise<{ signings: Signing[]; problems: SigningProblem[] }>
  /** The signings that name a run, in order, as they are stored. */
  signingsOf(run_id: string): Promise<SigningRow[]>
  publicKey: KeyObject
}

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
  await publish(join(home.keys, 'heads.pub'), publicKeyText(publicKey))

  const signOnce = async (): Promise<number> => {
    const [last] = await sql<{ id: string; at: Date; digest: string }[]>`
      SELECT id, at, encode(digest, 'hex') AS digest FROM remit.signed_heads ORDER BY id DESC LIMIT 1`
    const heads = await headsSince(sql, last && new Date(last.at.getTime() - overlapMs))
    const known = await alreadySigned(sql, last && new Date(last.at.getTime() - 2 * overlapMs))
    const grown = heads.filter(([run_id, seq]) => (known.get(run_id) ?? 0) < seq)
    if (grown.length === 0) return 0
    const signing: Signing = {
      id: Number(last?.id ?? 0) + 1,
      v: signingVersion,
      at: now().toISOString(),
      heads: grown,
      prev_digest: last?.digest ?? noDigest,
    }
    const digest = digestOfSigning(signing)
    await sql`
      INSERT INTO remit.signed_heads (id, v, at, heads, prev_digest, digest, key_id, signature)
      VALUES (${signing.id}, ${signing.v}, ${signing.at}, ${JSON.stringify(grown)}::text::jsonb, decode(${signing.prev_digest}, 'hex'), ${digest}, ${keyId},
        ${sign(null, digest, privateKey)})`
    await remember(memory, { id: signing.id, digest: digest.toString('hex') })
    return grown.length
  }

  return {
    async signHeads() {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await unlessUnavailable(signOnce)
        } catch (error) {
          // Another command signed at the same moment: what it left out is signed after it.
          if (!isFenced(error) || attempt === 10) throw error
        }
      }
    },
    async checkedSignings(run_id) {
      const rows = await signingRows(sql, run_id)
      const { signings, problems } = checkSignings(rows, { keyId, publicKey })
      if (run_id === undefined) problems.push(...checkOrder(rows, await recall(memory)))
      return { signings, problems }
    },
    signingsOf: (run_id) => signingRows(sql, run_id),
    publicKey,
  }
}

function signingRows(sql: Sql, run_id?: string): Promise<SigningRow[]> {
  const naming = run_id === undefined ? sql`true` : sql`heads @> ${JSON.stringify([[run_id]])}::text::jsonb`
  return sql<SigningRow[]>`
    SELECT id, v, at, heads, encode(prev_digest, 'hex') AS prev_digest, digest, key_id, signature
    FROM remit.signed_heads WHERE ${naming} ORDER BY id`
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

/** For whoever is to check exports: what they compare an export's key with must not come with the export. */
async function publish(path: string, text: string): Promise<void> {
  if ((await readFile(path, 'utf8').catch(() => '')) !== text) await replaceFile(path, text, 0o644)
}

async function remember(path: string, last: Remembered): Promise<void> {
  await replaceFile(path, JSON.stringify(last), 0o600)
}

async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  await writeFile(draft, text, { mode })
  await rename(draft, path)
}

async function recall(path: string): Promise<Remembered | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined)
  return text === undefined ? undefined : (JSON.parse(text) as Remembered)
}
