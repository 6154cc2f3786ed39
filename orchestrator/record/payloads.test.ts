import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Json } from '../../shared/json.ts'
import { connect, type Sql, withClient } from '../../shared/postgres/connect.ts'
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres.ts'
import { newRunId } from '../../test/support/record-fixtures.ts'
import { draft, type Event } from '../model/event.ts'
import { type Journal, openJournal } from './journal.ts'
import { openKeyring } from './keyring.ts'
import { payloadLimit, putBack, referencesIn, setApart } from './payloads.ts'
import { openQueries } from './queries.ts'
import { openHeadSigner } from './signed-heads.ts'
import { toStored } from './stored-text.ts'
import { openVerifier, type Verifier } from './verify.ts'

const large = 'x'.repeat(payloadLimit)
const longList = Array.from({ length: payloadLimit / 4 }, (_, index) => ({ index }))

const apart = (value: Json) => setApart(value, JSON.stringify(value))

describe('a value that is too large for an event', () => {
  it('is set apart where it is a text or a list, and objects keep their form', () => {
    const value = { outcome: { status: 'succeeded', output: { page: large, rows: longList, small: [1] } } }
    const { value: stored, payloads } = apart(value)
    expect(stored).toEqual({
      outcome: {
        status: 'succeeded',
        output: {
          page: { $blob: payloads[0]?.digest, size: payloadLimit + 2 },
          rows: { $blob: payloads[1]?.digest, size: JSON.stringify(longList).length },
          small: [1],
        },
      },
    })
  })

  it('is stored once however often it stands in the event', () => {
    expect(apart({ a: large, b: { c: large } }).payloads).toHaveLength(1)
  })

  it('is counted in bytes, and exactly at the limit it stays', () => {
    const fits = 'x'.repeat(payloadLimit - 2)
    expect(apart({ fits, more: large }).value).toMatchObject({ fits })
    expect(apart({ wide: 'é'.repeat(payloadLimit / 2) }).payloads).toHaveLength(1)
  })

  it('takes sealed values as a whole, so that nothing shows that was sealed', () => {
    const { value } = apart({ password: { $sealed: large } })
    expect(value).toEqual({ password: { $blob: expect.any(String), size: expect.any(Number) } })
  })

  it('comes back as it was, whatever it looks like', () => {
    const piece = fc.constantFrom('$blob', '$sealed', '\u001a0024blob', '__proto__', 'size', 'a', '\u0000', '\ud800')
    const { value: hostile } = fc.letrec<{ value: Json }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        piece,
        fc.constantFrom<Json>(large, longList, 1, null),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.array(fc.tuple(piece, tie('value')), { maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
      ),
    }))
    fc.assert(
      fc.property(hostile, (value) => {
        const whole = toStored(value)
        const { value: stored, payloads } = apart(whole)
        const contents = new Map(payloads.map(({ digest, content }) => [digest, JSON.parse(content) as Json]))
        expect(new Set(referencesIn(stored).map(({ $blob }) => $blob))).toEqual(new Set(contents.keys()))
        expect(putBack(stored, contents)).toEqual(whole)
      }),
    )
  })
})

describe('in the record', () => {
  let database: TestDatabase
  let sql: Sql
  let journal: Journal
  let verifier: Verifier
  const now = () => new Date()
  const owner = { tenant: 'acme', principal: 'ann', goal: 'onboard', mode: 'emulated' as const }
  beforeAll(async () => {
    database = await createTestDatabase()
    sql = connect(database.journalUrl, { max: 2, name: 'test' })
    journal = openJournal({ url: database.journalUrl, now })
    verifier = openVerifier(sql, await openHeadSigner({ sql, home: database.home, now }))
  })
  afterAll(async () => {
    await journal.close()
    await sql.end()
    await database.drop()
  })

  const noting = (details: Json) => draft('system_noted', { what: 'page', details })
  const detailsOf = (events: readonly Event[]) => events.map(({ data }) => (data as { details: Json }).details)
  const asOwner = (statement: string) => withClient(database.ownerUrl, 'test', (other) => other.unsafe(statement))
  async function newRun(details: Json[]): Promise<string> {
    const run_id = newRunId()
    await journal.create({ run_id, ...owner }, details.map(noting))
    return run_id
  }

  it('large values are read whole, or as references where that is asked', async () => {
    const details: Json[] = [{ page: large }, { rows: longList, $blob: 'mine', more: `\u0000${large}` }]
    const run_id = await newRun(details)
    await journal.append(run_id, [noting({ again: large })])
    expect(detailsOf(await journal.read(run_id))).toEqual([...details, { again: large }])
    expect(detailsOf(await journal.adopt(run_id))).toHaveLength(3)
    const [first, , last] = detailsOf(await journal.read(run_id, { payloads: 'references' }))
    expect(first).toEqual({ page: { $blob: expect.stringMatching(/^sha256:[0-9a-f]{64}$/), size: payloadLimit + 2 } })
    expect(last).toEqual({ again: (first as { page: Json }).page })
    const stored = await sql`SELECT digest FROM remit.payloads WHERE run_id = ${run_id}`
    expect(stored).toHaveLength(3)
    expect((await verifier.verifyRun(run_id)).problems).toEqual([])
  })

  it('what only looks like a reference is nobody’s payload', async () => {
    const run_id = await newRun([{ page: large }])
    const [reference] = detailsOf(await journal.read(run_id, { payloads: 'references' }))
    const forged = { copy: (reference as { page: Json }).page }
    await journal.append(run_id, [noting(forged)])
    expect(detailsOf(await journal.read(run_id, { after: 1 }))).toEqual([forged])
  })

  it('views show references, and the journal may not change what they stand for', async () => {
    const run_id = await newRun([{ page: large }])
    const reader = connect(database.queryUrl, { max: 1, name: 'test' })
    const queries = openQueries(reader, database.tenantSecret)
    const { rows } = await queries.sql('acme', `SELECT data -> 'details' FROM events WHERE run_id = '${run_id}'`)
    expect(rows).toEqual([[{ page: { $blob: expect.any(String), size: payloadLimit + 2 } }]])
    await expect(reader`SELECT FROM remit.payloads`).rejects.toThrow('permission denied')
    await expect(sql`UPDATE remit.payloads SET content = ''`).rejects.toThrow('permission denied')
    await expect(sql`DELETE FROM remit.payloads`).rejects.toThrow('permission denied')
    await reader.end()
  })

  it('an altered or missing payload is found at each event that refers to it', async () => {
    const [altered, missing] = [await newRun([{ page: large }, { again: large }]), await newRun([{ page: large }])]
    await asOwner(`UPDATE remit.payloads SET content = replace(content, 'xx', 'xy') WHERE run_id = '${altered}'`)
    await asOwner(`DELETE FROM remit.payloads WHERE run_id = '${missing}'`)
    expect((await verifier.verifyAll()).problems).toEqual(
      [
        { run_id: altered, seq: 1, what: expect.stringContaining('was altered') },
        { run_id: altered, seq: 2, what: expect.stringContaining('was altered') },
        { run_id: missing, seq: 1, what: expect.stringContaining('is missing') },
      ].toSorted((a, b) => a.run_id.localeCompare(b.run_id) || a.seq - b.seq),
    )
    await expect(journal.read(missing)).rejects.toThrow('is missing from the record')
  })

  it('a large sealed value opens while its key is there, and is erased with it', async () => {
    const run_id = newRunId()
    const keyring = await openKeyring({ sql, home: database.home, now })
    const sealer = await keyring.create(run_id)
    const sealed = sealer.seal(large, '/secret')
    await journal.create({ run_id, ...owner }, [noting({ secret: { ...sealed } })])
    const [read] = detailsOf(await journal.read(run_id)) as [{ secret: typeof sealed }]
    expect(sealer.open(read.secret)).toBe(large)
    await keyring.erase(run_id)
    await expect(keyring.sealer(run_id)).rejects.toThrow('erased')
    expect((await verifier.verifyRun(run_id)).problems).toEqual([])
  })
})
