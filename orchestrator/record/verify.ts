import type { Json } from '../../shared/json.ts'
import { type Head, startOfChain } from './chain.ts'
import type { Sql } from './connect.ts'
import { hashEvent } from './hash.ts'
import type { HeadSigner, SignedHead } from './signed-heads.ts'

/** One thing that is wrong with the record; `seq` is 0 where it is not about one event. */
export interface RecordProblem {
  run_id: string
  seq: number
  what: string
}

/** What a check of the record found. */
export interface Verification {
  runs: number
  events: number
  /** How many signed heads were compared: integrity is proved up to these, consistency beyond them. */
  signed_heads: number
  problems: RecordProblem[]
}

/** Checks chains, and that they still hold what was signed. */
export interface Verifier {
  verifyRun(run_id: string): Promise<Verification>
  verifyAll(): Promise<Verification>
}

const rowsAtOnce = 1_000

/** The verifier over a client of the journal's role. Events are streamed: memory does not grow with the record. */
export function openVerifier(sql: Sql, signer: HeadSigner): Verifier {
  const check = async (run_id: string | undefined): Promise<Verification> => {
    const { signings, problems: faults } = await signer.checkedSignings()
    const expected = expectedHeads(
      signings.flatMap(({ heads }) => heads),
      run_id,
    )
    const problems: RecordProblem[] = faults.map(({ id, what }) => ({
      run_id: '',
      seq: 0,
      what: `signed heads ${id}: ${what}`,
    }))
    const chains = new Map<string, Head>()
    let events = 0
    const rows = sql<ChainRow[]>`
      SELECT run_id, seq, type, v, data, at, encode(prev_hash, 'hex') AS prev_hash, encode(hash, 'hex') AS hash
      FROM remit.events WHERE ${run_id ?? null}::uuid IS NULL OR run_id = ${run_id ?? null}::uuid ORDER BY run_id, seq`
    for await (const page of rows.cursor(rowsAtOnce)) {
      for (const row of page) {
        events += 1
        const found = checkLink(row, chains.get(row.run_id) ?? startOfChain)
        const signed = expected.get(row.run_id)?.get(row.seq)
        if (signed !== undefined && signed !== row.hash) found.push('this event is not the one that was signed')
        problems.push(...found.map((what) => ({ run_id: row.run_id, seq: row.seq, what })))
        chains.set(row.run_id, { seq: row.seq, hash: row.hash })
      }
    }
    for (const [id, heads] of expected) {
      const length = chains.get(id)?.seq ?? 0
      const longest = Math.max(...heads.keys())
      if (longest > length)
        problems.push({
          run_id: id,
          seq: longest,
          what: `events ${length + 1} to ${longest} were signed and are missing`,
        })
    }
    problems.sort((a, b) => a.run_id.localeCompare(b.run_id) || a.seq - b.seq)
    const signed_heads = [...expected.values()].reduce((sum, heads) => sum + heads.size, 0)
    return { runs: chains.size, events, signed_heads, problems }
  }
  return { verifyRun: (run_id) => check(run_id), verifyAll: () => check(undefined) }
}

interface ChainRow {
  run_id: string
  seq: number
  type: string
  v: number
  data: Json
  at: Date
  prev_hash: string
  hash: string
}

function checkLink({ at, hash, ...row }: ChainRow, before: Head): string[] {
  const wrong: string[] = []
  if (row.seq !== before.seq + 1) wrong.push(`events ${before.seq + 1} to ${row.seq - 1} are missing`)
  else if (row.prev_hash !== before.hash) wrong.push('the event does not follow the one before it')
  if (hashEvent({ ...row, at_ms: at.getTime() }) !== hash)
    wrong.push('the event was altered: its hash does not fit its content')
  return wrong
}

function expectedHeads(heads: readonly SignedHead[], only: string | undefined): Map<string, Map<number, string>> {
  const expected = new Map<string, Map<number, string>>()
  for (const [run_id, seq, hash] of heads) {
    if (only !== undefined && run_id !== only) continue
    const known = expected.get(run_id) ?? new Map<number, string>()
    expected.set(run_id, known.set(seq, hash))
  }
  return expected
}
