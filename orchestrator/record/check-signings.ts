import type { KeyObject } from 'node:crypto'
import { digestOfSigning, isSignatureOf, type SignedHead, type Signing } from './signing.ts'

/** What is wrong with the signed heads themselves. */
export interface SigningProblem {
  id: number
  what: string
}

/** A signing as it lies in Postgres. */
export interface SigningRow {
  id: string
  v: number
  at: Date
  heads: SignedHead[]
  prev_digest: string
  digest: Buffer
  key_id: string
  signature: Buffer
}

/** What a home remembers of its last signing, outside Postgres. */
export interface Remembered {
  id: number
  digest: string
}

/** Before the first signing. */
export const noDigest = '0'.repeat(64)

export function toSigning({ id, v, at, heads, prev_digest }: SigningRow): Signing {
  return { id: Number(id), v, at: at.toISOString(), heads, prev_digest }
}

/** Each of these signings is checked by itself: that it was not altered, and that our key signed it. */
export function checkSignings(
  rows: readonly SigningRow[],
  { keyId, publicKey }: { keyId: string; publicKey: KeyObject },
): { signings: Signing[]; problems: SigningProblem[] } {
  const signings: Signing[] = []
  const problems: SigningProblem[] = []
  for (const row of rows) {
    const signing = toSigning(row)
    const digest = digestOfSigning(signing)
    const wrong = (what: string) => problems.push({ id: signing.id, what })
    if (!digest.equals(row.digest)) wrong('these signed heads were altered')
    else if (row.key_id !== keyId)
      wrong(`these heads were signed with another key (${row.key_id}); this home has ${keyId}`)
    else if (!isSignatureOf(digest, publicKey, row.signature)) wrong('the signature of these heads is false')
    else signings.push(signing)
  }
  return { signings, problems }
}

/** All signings in order: that each follows the one before it, and that the last one known is there. */
export function checkOrder(rows: readonly SigningRow[], remembered: Remembered | undefined): SigningProblem[] {
  const problems: SigningProblem[] = []
  let previous = noDigest
  for (const [index, row] of rows.entries()) {
    const id = Number(row.id)
    const wrong = (what: string) => problems.push({ id, what })
    if (id !== index + 1) wrong(`signed heads ${index + 1} to ${id - 1} are missing`)
    if (row.prev_digest !== previous) wrong('these signed heads do not follow the ones before them')
    previous = row.digest.toString('hex')
    if (remembered?.id === id && remembered.digest !== previous)
      wrong('these signed heads are not the ones that this home signed')
  }
  if (remembered && remembered.id > rows.length)
    problems.push({ id: remembered.id, what: 'the last heads that this home signed are missing' })
  return problems
}
