import { createHash } from 'node:crypto'
import { arrayOf } from '../../shared/postgres/array-of.ts'
import type { Sql } from '../../shared/postgres/connect.ts'
import type { SigningRow } from './check-signings.ts'
import type { ExportLine, SignedHeadLine } from './export-format.ts'
import { treePath } from './head-tree.ts'
import { referencesIn } from './payloads.ts'
import type { StoredEvent } from './read-events.ts'
import type { HeadSigner } from './signed-heads.ts'
import { keyIdOf, publicKeyText } from './signing.ts'

/** A run as a document that proves itself, line by line; see `export-format.ts`. */
export interface Exporter {
  /** Signs the head of the run and gives its events up to there, so that a signature covers all of them. */
  exportRun(run_id: string): AsyncIterable<string>
}

const rowsAtOnce = 100
const payloadsAtOnce = 10

/** The exporter over a client of the journal's role. Runs are streamed: memory does not grow with them. */
export function openExporter({ sql, signer, now }: { sql: Sql; signer: HeadSigner; now(): Date }): Exporter {
  async function* linesOf(run_id: string): AsyncGenerator<ExportLine> {
    await signer.signHeads()
    const ours = keyIdOf(signer.publicKey)
    const signings = (await signer.signingsOf(run_id)).filter(({ key_id }) => key_id === ours)
    const last = Math.max(0, ...signings.map(({ heads }) => heads.find(([id]) => id === run_id)?.[1] ?? 0))
    if (last === 0) throw new RangeError(`there is no run ${run_id} in the record`)
    const public_key = publicKeyText(signer.publicKey)
    yield { line: 'export', version: 1, run_id, exported_at: now().toISOString(), public_key }
    for (const signing of signings) yield signedHeadLine(signing, run_id)

    const events = sql<StoredEvent[]>`
      SELECT seq, type, v, at, data, encode(prev_hash, 'hex') AS prev_hash, encode(hash, 'hex') AS hash, tenant
      FROM remit.events WHERE run_id = ${run_id} AND seq <= ${last} ORDER BY seq`
    const digests = new Set<string>()
    for await (const page of events.cursor(rowsAtOnce)) {
      for (const event of page) {
        for (const { $blob } of referencesIn(event.data)) digests.add($blob)
        yield { line: 'event', ...event, at: event.at.toISOString() }
      }
    }

    const payloads = sql<{ digest: string; content: string }[]>`
      SELECT digest, content FROM remit.payloads
      WHERE run_id = ${run_id} AND digest = ANY (${arrayOf([...digests])}::text[]) ORDER BY digest`
    for await (const page of payloads.cursor(payloadsAtOnce))
      for (const payload of page) yield { line: 'payload', ...payload }
  }

  return {
    async *exportRun(run_id) {
      const digest = createHash('sha256')
      const counts = { signed_heads: 0, events: 0, payloads: 0 }
      for await (const line of linesOf(run_id)) {
        if (line.line !== 'export' && line.line !== 'end') counts[`${line.line}s`] += 1
        const text = `${JSON.stringify(line)}\n`
        digest.update(text)
        yield text
      }
      const end: ExportLine = { line: 'end', ...counts, digest: digest.digest('hex') }
      yield `${JSON.stringify(end)}\n`
    },
  }
}

/** Shows that the head of one run was signed; of other runs it shows nothing, since version 2. */
function signedHeadLine({ id, v, at, heads, prev_digest, signature }: SigningRow, run_id: string): SignedHeadLine {
  const index = heads.findIndex(([named]) => named === run_id)
  const head = heads[index]
  if (!head) throw new TypeError(`signed heads ${id} do not name run ${run_id}`)
  const signed: SignedHeadLine['signed'] =
    v === 1 ? { v: 1, heads } : { v: 2, count: heads.length, head, path: treePath(heads, index) }
  return {
    line: 'signed_head',
    id: Number(id),
    at: at.toISOString(),
    prev_digest,
    signature: signature.toString('base64'),
    signed,
  }
}
