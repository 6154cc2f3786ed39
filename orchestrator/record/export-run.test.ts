import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { canonicalJson, type Json } from '../../shared/json.ts'
import { connect, type Sql, withClient } from '../../shared/postgres/connect.ts'
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres.ts'
import { newRunId } from '../../test/support/record-fixtures.ts'
import { draft } from '../model/event.ts'
import type { ExportLine } from './export-format.ts'
import { openExporter } from './export-run.ts'
import { type Journal, openJournal } from './journal.ts'
import { openKeyring } from './keyring.ts'
import { payloadLimit } from './payloads.ts'
import { openHeadSigner } from './signed-heads.ts'
import { openVerifier } from './verify.ts'
import { type ExportVerification, verifyExport } from './verify-export.ts'

let database: TestDatabase
let sql: Sql
let journal: Journal
let lines: string[]
/** Others were signed before and after it, in one tree. */
const [one, two, run_id, ...more] = Array.from({ length: 6 }, newRunId).sort() as [string, string, string]
const large = 'x'.repeat(payloadLimit)
const now = () => new Date()
const noting = (details: unknown) => draft('system_noted', { what: 'x', details: details as never })

beforeAll(async () => {
  database = await createTestDatabase()
  sql = connect(database.journalUrl, { max: 2, name: 'test' })
  journal = openJournal({ url: database.journalUrl, now })
  const keyring = await openKeyring({ sql, home: database.home, now })
  const owner = { tenant: 'acme', principal: 'ann', goal: 'onboard', mode: 'emulated' as const }
  await Promise.all(
    [one, two, ...more].map((other) => journal.create({ run_id: other, ...owner }, [noting('of another run')])),
  )
  const hostile = JSON.parse('{"__proto__": {"a": 1}, "$blob": "mine", "nul": "\\u0000"}') as unknown
  const secret = { ...(await keyring.create(run_id)).seal('hunter2', '/secret') }
  await journal.create({ run_id, ...owner }, [noting(hostile), noting({ page: large, secret })])
  await exportOf()
  await journal.append(run_id, [noting('three'), noting({ again: large })])
  lines = await exportOf()
})
afterAll(async () => {
  await journal.close()
  await sql.end()
  await database.drop()
})

async function exportOf(): Promise<string[]> {
  const signer = await openHeadSigner({ sql, home: database.home, now })
  const exporter = openExporter({ sql, signer, now })
  return (await collect(exporter.exportRun(run_id))).map((line) => line.trimEnd())
}

async function collect(texts: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = []
  for await (const text of texts) all.push(text)
  return all
}

async function* each(texts: readonly string[]): AsyncGenerator<string> {
  yield* texts
}

const parsed = (text: string | undefined) => JSON.parse(String(text)) as ExportLine
const trustedKey = async () => createPublicKey(await readFile(join(database.home.keys, 'heads.pub'), 'utf8'))
const indexOf = (kind: ExportLine['line'], nth = 0) =>
  lines.map((_, index) => index).filter((index) => parsed(lines[index]).line === kind)[nth] as number
const whats = ({ problems }: ExportVerification) => problems.map(({ what }) => what).join('; ')

/** Checks the export with some of its lines changed; a change to undefined takes the line out. */
async function checkWith(changes: Record<number, (line: string) => string | undefined>): Promise<ExportVerification> {
  const changed = lines.flatMap((line, index) => changes[index]?.(line) ?? (changes[index] ? [] : [line]))
  return verifyExport(each(changed), await trustedKey())
}

const replacing = (text: string, other: string) => (line: string) => {
  expect(line).toContain(text)
  return line.replace(text, other)
}

describe('an export', () => {
  it('proves itself by the public key of its home, and by its own', async () => {
    for (const key of [await trustedKey(), undefined])
      expect(await verifyExport(each(lines), key)).toEqual({
        run_id,
        events: 4,
        payloads: 1,
        signed_heads: 2,
        key: expect.stringMatching(/^[0-9a-f]{64}$/),
        problems: [],
      })
  })

  it('holds nothing of other runs, and nothing that was sealed', () => {
    const text = lines.join('\n')
    expect(text).not.toContain('of another run')
    expect(text).not.toContain('hunter2')
    const named = [...text.matchAll(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g)].map(([id]) => id)
    expect(new Set(named)).toEqual(new Set([run_id]))
  })

  it('of a run that is not there is refused', async () => {
    const signer = await openHeadSigner({ sql, home: database.home, now })
    const missing = openExporter({ sql, signer, now }).exportRun(newRunId())
    await expect(collect(missing)).rejects.toThrow('no run')
  })
})

it('an export of what an earlier release signed proves itself as well', async () => {
  const old = newRunId()
  await journal.create({ run_id: old, tenant: 'acme', principal: 'ann', goal: 'onboard', mode: 'emulated' as const }, [
    noting('one'),
  ])
  const signer = await openHeadSigner({ sql, home: database.home, now })
  await signer.signHeads()
  await signAsVersion1(database)
  expect((await openVerifier(sql, signer).verifyAll()).problems).toEqual([])
  const exported = await collect(openExporter({ sql, signer, now }).exportRun(old))
  const verification = await verifyExport(each(exported.map((line) => line.trimEnd())), await trustedKey())
  expect(verification).toMatchObject({ events: 1, signed_heads: 1, problems: [] })
})

describe('an export that was altered', () => {
  it.each([
    ['a byte of an event', 2, replacing('three', 'thrEe'), 3, 'the event was altered'],
    ['an instant', 2, replacing('"at":"2', '"at":"1'), 3, 'the event was altered'],
    ['the hash of an event', 2, replacing('"hash":"', '"hash":"0'), null, 'is not one that an export holds'],
    ['a missing event', 2, () => undefined, 4, 'events 3 to 3 are missing'],
    ['a line that was cut', 2, (line: string) => line.slice(0, 40), null, 'is not JSON: the file was altered, or cut'],
    ['another tenant', 2, replacing('acme', 'evil'), null, 'not the one that was written'],
  ])('%s is found', async (_, nth, change, seq, what) => {
    const verification = await checkWith({ [indexOf('event', nth)]: change })
    expect(verification.problems).toContainEqual({ seq, what: expect.stringContaining(what) })
  })

  it('a false signature, or a head that it does not cover, is found', async () => {
    const signature = (parsed(lines[indexOf('signed_head', 1)]) as { signature: string }).signature
    const other = (parsed(lines[indexOf('signed_head', 0)]) as { signature: string }).signature
    const forged = await checkWith({ [indexOf('signed_head', 1)]: replacing(signature, other) })
    expect(whats(forged)).toContain('the signature is false')
    const moved = await checkWith({ [indexOf('signed_head', 1)]: replacing(`"${run_id}",4,`, `"${run_id}",3,`) })
    expect(whats(moved)).toContain('the signature is false')
  })

  it('an altered or missing payload is found at every event that refers to it', async () => {
    const altered = await checkWith({ [indexOf('payload')]: replacing('xxx', 'xyx') })
    expect(altered.problems.map(({ seq }) => seq)).toEqual([2, 4])
    expect(whats(altered)).toContain('was altered')
    const missing = await checkWith({ [indexOf('payload')]: () => undefined })
    expect(missing.problems.map(({ seq }) => seq)).toEqual([2, 4])
    expect(whats(missing)).toContain('is missing')
  })

  it('a file that was cut short, or goes on after its end, is found', async () => {
    for (let length = 1; length < lines.length; length += 1) {
      const cut = await verifyExport(each(lines.slice(0, length)), await trustedKey())
      expect(whats(cut)).toContain('cut short')
    }
    const more = await verifyExport(each([...lines, String(lines.at(-2))]), await trustedKey())
    expect(whats(more)).toContain('stands after the last line')
  })

  it('events that no signature covers are found, even where all digests fit', async () => {
    const unsigned = await checkWith({ [indexOf('signed_head', 1)]: () => undefined })
    expect(whats(unsigned)).toContain('events 3 to 4 are covered by no signature')
  })

  it('one signed with another key fails where the key is known', async () => {
    const theirs = await trustedKey()
    await rm(join(database.home.keys, 'heads.key'))
    await journal.append(run_id, [noting('five')])
    const forged = await exportOf()
    expect(await verifyExport(each(forged))).toMatchObject({ events: 5, problems: [] })
    expect(whats(await verifyExport(each(forged), theirs))).toContain('not with the one that was given')
  })
})

it.each([
  ['nothing', []],
  ['another file', ['{"name": "remit"}']],
  ['no JSON', ['hello']],
])('%s is no export', async (_, texts) => {
  await expect(verifyExport(each(texts))).rejects.toThrow(/empty|first line/)
})

/** Makes the last signing into what the first release would have written. */
async function signAsVersion1({ ownerUrl, home }: TestDatabase): Promise<void> {
  const privateKey = createPrivateKey(await readFile(join(home.keys, 'heads.key')))
  await withClient(ownerUrl, 'test', async (owner) => {
    const [last] = await owner<{ id: string; at: Date; heads: Json; prev_digest: string }[]>`
      SELECT id, at, heads, encode(prev_digest, 'hex') AS prev_digest FROM remit.signed_heads ORDER BY id DESC LIMIT 1`
    if (!last) throw new Error('nothing was signed')
    const { at, heads, prev_digest } = last
    const id = Number(last.id)
    const text = canonicalJson(['remit signed heads v1', id, at.toISOString(), heads, prev_digest])
    const digest = createHash('sha256').update(text).digest()
    await owner`UPDATE remit.signed_heads SET v = 1, digest = ${digest}, signature = ${sign(null, digest, privateKey)}
      WHERE id = ${id}`
    await writeFile(join(home.keys, 'heads.json'), JSON.stringify({ id, digest: digest.toString('hex') }))
  })
}
