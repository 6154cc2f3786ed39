import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Json } from '../../shared/json.ts'
import { connect, type Sql } from '../../shared/postgres/connect.ts'
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres.ts'
import { newRunId, noted } from '../../test/support/record-fixtures.ts'
import { draft } from '../model/event.ts'
import { genesisHash, hashEvent } from './hash.ts'
import { type Journal, openJournal } from './journal.ts'
import { openHeadSigner } from './signed-heads.ts'
import { fromStored, toStored } from './stored-text.ts'
import { openVerifier } from './verify.ts'

/** Texts that JSON can hold and Postgres cannot, or that look like our own escapes. */
const hostileText = fc
  .array(
    fc.constantFrom(
      '\u0000',
      '\ud800',
      '\udfff',
      '\u001a',
      '\u001a0000',
      '\u001ad800',
      '😀',
      'é',
      '\u2028',
      '"',
      '\\',
      'a',
      '{}',
      ',',
    ),
  )
  .map((parts) => parts.join(''))
const hostileNumber = fc.oneof(
  fc.constantFrom(-0, 0, 5e-324, 1.7976931348623157e308, 2 ** 53, 2 ** 53 + 2, 1e21, 1e-7, 0.1, -1.5e300),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
)
const { value: hostileJson } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    hostileNumber,
    hostileText,
    fc.string({ unit: 'binary' }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc
      .array(fc.tuple(fc.oneof(hostileText, fc.constantFrom('__proto__', 'constructor', '$sealed')), tie('value')), {
        maxLength: 4,
      })
      .map((entries) => Object.fromEntries(entries)),
  ),
}))

describe('the stored form', () => {
  it('can always be turned back, and holds nothing that jsonb refuses', () => {
    fc.assert(
      fc.property(hostileJson, (value) => {
        const stored = toStored(value)
        expect(fromStored(stored)).toEqual(value)
        expect(JSON.stringify(stored)).not.toMatch(/\\u0000|\\ud[89a-f]/)
      }),
    )
  })

  it('is different for different values', () => {
    fc.assert(
      fc.property(hostileText, hostileText, (one, other) => {
        expect(toStored(one) === toStored(other)).toBe(one === other)
      }),
    )
  })
})

it('hashes the same fields to the same, published value', () => {
  const fields = {
    run_id: newRunId(),
    seq: 1,
    type: 't',
    v: 1,
    data: { b: 1, a: [-0] },
    at_ms: 5,
    prev_hash: genesisHash,
  }
  expect(hashEvent({ ...fields, run_id: '019a0000-0000-7000-8000-000000000001' })).toBe(
    '338c20b332fbcb3b460664f545c856b0c9124046d7fc8a1bb436985b9902375b',
  )
  for (const change of [{ seq: 2 }, { type: 'u' }, { v: 2 }, { data: {} }, { at_ms: 6 }, { prev_hash: '1' }])
    expect(hashEvent({ ...fields, ...change })).not.toBe(hashEvent(fields))
})

describe('in Postgres', () => {
  let database: TestDatabase
  let journal: Journal
  let sql: Sql
  beforeAll(async () => {
    database = await createTestDatabase()
    journal = openJournal({ url: database.journalUrl, now: () => new Date() })
    sql = connect(database.journalUrl, { max: 1, name: 'test' })
  })
  afterAll(async () => {
    await journal.close()
    await sql.end()
    await database.drop()
  })

  it('hostile values come back as they were and verify', async () => {
    const run_id = newRunId()
    await journal.create({ run_id, tenant: 'a', principal: 'p', goal: 'g', mode: 'emulated' }, [noted('start')])
    const values: Json[] = []
    await fc.assert(
      fc.asyncProperty(fc.array(hostileJson, { minLength: 1, maxLength: 10 }), async (details) => {
        const drafts = details.map((value) => draft('system_noted', { what: 'hostile', details: value }))
        const appended = await journal.append(run_id, drafts)
        expect(await journal.read(run_id, { after: values.length + 1 })).toEqual(appended)
        values.push(...details)
      }),
      { numRuns: 60 },
    )
    const now = () => new Date()
    const verifier = openVerifier(sql, await openHeadSigner({ sql, home: database.home, now }))
    expect(await verifier.verifyAll()).toMatchObject({ runs: 1, events: values.length + 1, problems: [] })
  })
})
