import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import type { Json } from '../../shared/json.ts'
import { type Head, startOfChain } from './chain.ts'
import { checkLink, SignedPlaces } from './check-chain.ts'
import { type EventLine, type ExportLine, exportLineSchema, type SignedHeadLine } from './export-format.ts'
import { rootOfPath } from './head-tree.ts'
import { isContentOf, type PayloadReference, referencesIn } from './payloads.ts'
import { digestOfRoot, digestOfSigning, fingerprintOf, isSignatureOf, type SignedHead } from './signing.ts'

/** What a check of an export found. It is whole, and covered by signatures, when there is no problem. */
export interface ExportVerification {
  run_id: string
  events: number
  payloads: number
  signed_heads: number
  /** SHA-256, in hex, of the key that the heads are signed with: who can sign with it vouches for the export. */
  key: string
  problems: ExportProblem[]
}

/** One thing that is wrong with an export; `seq` is null where it is not about one event. */
export interface ExportProblem {
  seq: number | null
  what: string
}

/** What was given is no export at all. */
export class ExportError extends Error {
  override readonly name = 'ExportError'
}

/**
 * Checks an export by itself, line by line: chain, payloads and signatures. `trustedKey` (PEM) is the key that its heads
 * have to be signed with; without it, anybody may have made the export with a key of their own.
 */
export async function verifyExport(lines: AsyncIterable<string>, trustedKey?: KeyObject): Promise<ExportVerification> {
  let check: ExportCheck | undefined
  for await (const text of lines) {
    if (check) check.line(text)
    else check = ExportCheck.begin(text, trustedKey)
  }
  if (!check) throw new ExportError('the file is empty')
  return check.finish()
}

class ExportCheck {
  private readonly run_id: string
  private readonly publicKey: KeyObject
  private readonly digest = createHash('sha256')
  private readonly problems: ExportProblem[] = []
  private readonly heads: SignedHead[] = []
  private readonly counts = { signed_heads: 0, events: 0, payloads: 0 }
  private readonly references: { seq: number; reference: PayloadReference }[] = []
  private readonly contents = new Set<string>()
  private readonly hashes: SignedHead[] = []
  private head: Head = startOfChain
  private end: Extract<ExportLine, { line: 'end' }> | undefined
  private lines = 0

  static begin(text: string, trustedKey: KeyObject | undefined): ExportCheck {
    const header = parseLine(text)
    if ('fault' in header || header.line !== 'export')
      throw new ExportError('its first line is not that of an export of this version of Remit')
    return new ExportCheck(header, text, trustedKey)
  }

  private constructor(
    { run_id, public_key }: Extract<ExportLine, { line: 'export' }>,
    text: string,
    trustedKey: KeyObject | undefined,
  ) {
    this.run_id = run_id
    this.publicKey = publicKeyOf(public_key)
    this.count(text)
    const [key, trusted] = [fingerprintOf(this.publicKey), trustedKey && fingerprintOf(trustedKey)]
    if (trusted !== undefined && trusted !== key)
      this.problem(null, `the heads are signed with the key ${key}, and not with the one that was given, ${trusted}`)
  }

  line(text: string): void {
    const line = parseLine(text)
    if (this.end) this.problem(null, `line ${this.lines + 1} stands after the last line of the export`)
    else if ('fault' in line) this.problem(null, `line ${this.lines + 1} ${line.fault}`)
    else if (line.line === 'signed_head') this.signedHead(line)
    else if (line.line === 'event') this.event(line)
    else if (line.line === 'payload') this.payload(line)
    else if (line.line === 'end') this.end = line
    else this.problem(null, `line ${this.lines + 1} begins another export`)
    if (!this.end) this.count(text)
  }

  finish(): ExportVerification {
    this.checkSignedPlaces()
    for (const { seq, reference } of this.references)
      if (!this.contents.has(reference.$blob)) this.problem(seq, `the payload ${reference.$blob} is missing`)
    this.checkEnd()
    return { run_id: this.run_id, ...this.counts, key: fingerprintOf(this.publicKey), problems: this.problems }
  }

  private signedHead({ id, at, prev_digest, signature, signed }: SignedHeadLine): void {
    this.counts.signed_heads += 1
    const head = signed.v === 1 ? signed.heads.find(([run_id]) => run_id === this.run_id) : signed.head
    const digest =
      signed.v === 1
        ? digestOfSigning({ id, at, prev_digest, ...signed })
        : digestOfRoot({ id, at, prev_digest, count: signed.count, root: rootOfPath(signed.head, signed.path) })
    if (!isSignatureOf(digest, this.publicKey, Buffer.from(signature, 'base64')))
      this.problem(null, `signed heads ${id}: the signature is false`)
    else if (head?.[0] !== this.run_id) this.problem(null, `signed heads ${id} are about another run`)
    else this.heads.push(head)
  }

  private event({ line: _, at, tenant: __, data, ...event }: EventLine): void {
    this.counts.events += 1
    const { seq, hash } = event
    const found = checkLink({ ...event, data: data as Json, run_id: this.run_id, at: new Date(at) }, this.head)
    for (const what of found) this.problem(seq, what)
    this.hashes.push([this.run_id, seq, hash])
    this.references.push(...referencesIn(data as Json).map((reference) => ({ seq, reference })))
    this.head = { seq, hash }
  }

  private payload({ digest, content }: { digest: string; content: string }): void {
    this.counts.payloads += 1
    this.contents.add(digest)
    for (const { seq, reference } of this.references)
      if (reference.$blob === digest && !isContentOf(reference, content))
        this.problem(seq, `the payload ${digest} was altered`)
  }

  private checkSignedPlaces(): void {
    const places = new SignedPlaces(this.heads)
    for (const [run_id, seq, hash] of this.hashes)
      for (const what of places.check({ run_id, seq, hash })) this.problem(seq, what)
    for (const { seq, what } of places.missing(() => this.head.seq)) this.problem(seq, what)
    const signed = places.lastOf(this.run_id)
    if (signed < this.head.seq)
      this.problem(null, `events ${signed + 1} to ${this.head.seq} are covered by no signature: they prove nothing`)
  }

  /** What was found already says more than that the file as a whole is not the one that was written. */
  private checkEnd(): void {
    if (!this.end) this.problem(null, 'the file was cut short: its last line is missing')
    if (!this.end || this.problems.length > 0) return
    const counts = Object.entries(this.counts).every(([kind, count]) => this.end?.[kind as 'events'] === count)
    if (!counts || this.end.digest !== this.digest.digest('hex'))
      this.problem(null, 'the file is not the one that was written: the digest in its last line does not fit')
  }

  private count(text: string): void {
    this.lines += 1
    this.digest.update(`${text}\n`)
  }

  private problem(seq: number | null, what: string): void {
    this.problems.push({ seq, what })
  }
}

function parseLine(text: string): ExportLine | { fault: string } {
  let json: Json
  try {
    json = JSON.parse(text) as Json
  } catch {
    return { fault: 'is not JSON: the file was altered, or cut short there' }
  }
  const parsed = exportLineSchema.safeParse(json)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  return { fault: `is not one that an export holds: ${issue?.path.join('/')}: ${issue?.message}` }
}

function publicKeyOf(pem: string): KeyObject {
  try {
    return createPublicKey(pem)
  } catch {
    throw new ExportError('its first line holds no public key')
  }
}
