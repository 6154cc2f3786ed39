import type { Sql } from '../../shared/postgres/connect.ts'
import { systemStream } from '../model/event.ts'
import { type Head, startOfChain } from './chain.ts'
import { type ChainedEvent, checkLink, type RecordProblem, SignedPlaces } from './check-chain.ts'
import { isContentOf, type PayloadReference, referencesIn } from './payloads.ts'
import type { HeadSigner } from './signed-heads.ts'

/** What a check of the record found. */
export interface Verification {
  runs: number
  events: number
  /** How many signed heads were compared: integrity is proved up to these, consistency beyond them. */
  signed_heads: number
  problems: RecordProblem[]
}

/** Checks chains, the payloads that they refer to, and that they still hold what was signed. */
export interface Verifier {
  verifyRun(run_id: string): Promise<Verification>
  verifyAll(): Promise<Verification>
}

const rowsAtOnce = 1_000
const payloadsAtOnce = 10

/** The verifier over a client of the journal's role with two connections. Memory does not grow with the number of events. */
export function openVerifier(sql: Sql, signer: HeadSigner): Verifier {
  const check = async (only: string | undefined): Promise<Verification> => {
    const { signings, problems: faults } = await signer.checkedSignings(only)
    const heads = signings.flatMap((signing) => signing.heads)
    const places = new SignedPlaces(only === undefined ? heads : heads.filter(([run_id]) => run_id === only))
    const problems: RecordProblem[] = faults.map(({ id, what }) => ({
      run_id: '',
      seq: 0,
      what: `signed heads ${id}: ${what}`,
    }))
    const chains = new Map<string, Head>()
    let events = 0
    let referring: Referring = { run_id: '', references: [] }
    const rows = sql<ChainedEvent[]>`
      SELECT run_id, seq, type, v, data, at, encode(prev_hash, 'hex') AS prev_hash, encode(hash, 'hex') AS hash
      FROM remit.events WHERE ${only ?? null}::uuid IS NULL OR run_id = ${only ?? null}::uuid ORDER BY run_id, seq`
    for await (const page of rows.cursor(rowsAtOnce)) {
      for (const row of page) {
        const { run_id, seq } = row
        events += 1
        const found = [...checkLink(row, chains.get(run_id) ?? startOfChain), ...places.check(row)]
        problems.push(...found.map((what) => ({ run_id, seq, what })))
        chains.set(run_id, { seq, hash: row.hash })
        if (referring.run_id !== run_id) {
          problems.push(...(await checkPayloads(sql, referring)))
          referring = { run_id, references: [] }
        }
        referring.references.push(...referencesIn(row.data).map((reference) => ({ seq, reference })))
      }
    }
    problems.push(...(await checkPayloads(sql, referring)))
    problems.push(...places.missing((run_id) => chains.get(run_id)?.seq ?? 0))
    problems.sort((a, b) => a.run_id.localeCompare(b.run_id) || a.seq - b.seq)
    chains.delete(systemStream)
    return { runs: chains.size, events, signed_heads: places.count, problems }
  }
  return { verifyRun: (run_id) => check(run_id), verifyAll: () => check(undefined) }
}

/** What the events of one run refer to. */
interface Referring {
  run_id: string
  references: { seq: number; reference: PayloadReference }[]
}

async function checkPayloads(sql: Sql, { run_id, references }: Referring): Promise<RecordProblem[]> {
  if (references.length === 0) return []
  const problems: RecordProblem[] = []
  const found = new Set<string>()
  const payloads = sql<{ digest: string; content: string }[]>`
    SELECT digest, content FROM remit.payloads WHERE run_id = ${run_id}`
  for await (const page of payloads.cursor(payloadsAtOnce)) {
    for (const { digest, content } of page) {
      found.add(digest)
      for (const { seq, reference } of references)
        if (reference.$blob === digest && !isContentOf(reference, content))
          problems.push({ run_id, seq, what: `the payload ${digest} of this event was altered` })
    }
  }
  for (const { seq, reference } of references)
    if (!found.has(reference.$blob))
      problems.push({ run_id, seq, what: `the payload ${reference.$blob} of this event is missing` })
  return problems
}
