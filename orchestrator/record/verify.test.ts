import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { connect, type Sql, withClient } from '../../shared/postgres/connect.ts'
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres.ts'
import { newRunId, noted } from '../../test/support/record-fixtures.ts'
import { type Journal, openJournal } from './journal.ts'
import { type HeadSigner, openHeadSigner } from './signed-heads.ts'
import { openVerifier, type Verifier } from './verify.ts'

let database: TestDatabase
let sql: Sql
let journal: Journal
let signer: HeadSigner
let verifier: Verifier
const [first, second] = [newRunId(), newRunId()]

beforeEach(async () => {
  database = await createTestDatabase()
  const now = () => new Date()
  sql = connect(database.journalUrl, { max: 2, name: 'test' })
  journal = openJournal({ url: database.journalUrl, now })
  signer = await openHeadSigner({ sql, home: database.home, now })
  verifier = openVerifier(sql, signer)
  const owner = { tenant: 'acme', principal: 'ann', goal: 'onboard', mode: 'emulated' as const }
  await journal.create({ run_id: first, ...owner }, [noted('a'), noted('b'), noted('c')])
  await journal.create({ run_id: second, ...owner }, [noted('a')])
})
afterEach(async () => {
  await journal.close()
  await sql.end()
  await database.drop()
})

const asOwner = (statement: string) => withClient(database.ownerUrl, 'test', (owner) => owner.unsafe(statement))

describe('a record that nobody touched', () => {
  it('passes, before and after its heads are signed', async () => {
    expect(await verifier.verifyAll()).toEqual({ runs: 2, events: 4, signed_heads: 0, problems: [] })
    expect(await signer.signHeads()).toBe(2)
    expect(await verifier.verifyAll()).toEqual({ runs: 2, events: 4, signed_heads: 2, problems: [] })
    expect(await verifier.verifyRun(first)).toEqual({ runs: 1, events: 3, signed_heads: 1, problems: [] })
  })

  it('counts the stream of what no run owns among the events, and not among the runs', async () => {
    await journal.note([noted('loaded')])
    expect(await verifier.verifyAll()).toEqual({ runs: 2, events: 5, signed_heads: 0, problems: [] })
  })

  it('has only the chains signed again that grew', async () => {
    await signer.signHeads()
    expect(await signer.signHeads()).toBe(0)
    await journal.append(first, [noted('d')])
    expect(await signer.signHeads()).toBe(1)
    expect((await verifier.verifyAll()).problems).toEqual([])
  })

  it('is signed by two commands at once', async () => {
    await Promise.all([signer.signHeads(), signer.signHeads()])
    expect((await verifier.verifyAll()).problems).toEqual([])
  })
})

describe('a record that its owner altered', () => {
  it.each([
    [
      'one byte of data',
      `UPDATE remit.events SET data = '{"what": "B", "details": {}}' WHERE run_id = '${first}' AND seq = 2`,
    ],
    ['a time', `UPDATE remit.events SET at = at + interval '1 ms' WHERE run_id = '${first}' AND seq = 2`],
    ['a type', `UPDATE remit.events SET type = 'x' WHERE run_id = '${first}' AND seq = 2`],
    ['a hash', `UPDATE remit.events SET hash = '\\x00' WHERE run_id = '${first}' AND seq = 2`],
  ])('fails at the event when it is %s', async (_, statement) => {
    await asOwner(statement)
    expect((await verifier.verifyAll()).problems).toContainEqual(
      expect.objectContaining({ run_id: first, seq: 2, what: expect.stringContaining('altered') }),
    )
    expect((await verifier.verifyRun(second)).problems).toEqual([])
  })

  it('fails where an event is gone from the middle', async () => {
    await asOwner(`DELETE FROM remit.events WHERE run_id = '${first}' AND seq = 2`)
    expect((await verifier.verifyAll()).problems).toEqual([
      { run_id: first, seq: 3, what: 'events 2 to 2 are missing' },
    ])
  })

  it('fails where the end of a signed chain was cut off, or a whole run', async () => {
    await signer.signHeads()
    await asOwner(`DELETE FROM remit.events WHERE run_id = '${first}' AND seq = 3`)
    await asOwner(`DELETE FROM remit.events WHERE run_id = '${second}'`)
    const missing = [
      { run_id: first, seq: 3, what: 'events 3 to 3 were signed and are missing' },
      { run_id: second, seq: 1, what: 'events 1 to 1 were signed and are missing' },
    ]
    expect((await verifier.verifyAll()).problems).toEqual(missing.sort((a, b) => a.run_id.localeCompare(b.run_id)))
  })

  it('fails where a signed run was written anew with hashes that fit', async () => {
    await signer.signHeads()
    await asOwner(`DELETE FROM remit.events WHERE run_id = '${second}'`)
    await asOwner(`DELETE FROM remit.runs WHERE run_id = '${second}'`)
    journal.release(second)
    await Promise.resolve()
    await journal.create(
      { run_id: second, tenant: 'acme', principal: 'ann', goal: 'onboard', mode: 'emulated' as const },
      [noted('forged')],
    )
    expect((await verifier.verifyAll()).problems).toEqual([
      { run_id: second, seq: 1, what: 'this event is not the one that was signed' },
    ])
  })
})

describe('signed heads that the owner altered', () => {
  const whats = async () => (await verifier.verifyAll()).problems.map(({ what }) => what).join('; ')

  it.each([
    ['altered', `UPDATE remit.signed_heads SET heads = '[]' WHERE id = 1`, 'were altered'],
    ['given another signature', `UPDATE remit.signed_heads SET signature = '\\x00' WHERE id = 1`, 'signature'],
    ['taken out', 'DELETE FROM remit.signed_heads WHERE id = 1', 'are missing'],
    ['cut off', 'DELETE FROM remit.signed_heads WHERE id = 2', 'are missing'],
  ])('are found when they were %s', async (_, statement, expected) => {
    await signer.signHeads()
    await journal.append(first, [noted('d')])
    await signer.signHeads()
    await asOwner(statement)
    expect(await whats()).toContain(expected)
  })

  it('are found when others that we signed as well were put in their place', async () => {
    const sign = async (what: string) => {
      await journal.append(first, [noted(what)])
      await signer.signHeads()
    }
    await sign('d')
    await sign('e')
    await asOwner('CREATE TABLE remit.kept AS SELECT * FROM remit.signed_heads WHERE id = 2')
    await asOwner('DELETE FROM remit.signed_heads WHERE id = 2')
    await sign('f')
    await sign('g')
    expect(await whats()).toBe('')
    await asOwner('DELETE FROM remit.signed_heads WHERE id = 2')
    await asOwner('INSERT INTO remit.signed_heads SELECT * FROM remit.kept')
    expect(await whats()).toBe('signed heads 3: these signed heads do not follow the ones before them')
  })

  it('are found when they were signed with another key', async () => {
    await signer.signHeads()
    await rm(join(database.home.keys, 'heads.key'))
    const other = await openHeadSigner({ sql, home: database.home, now: () => new Date() })
    expect((await openVerifier(sql, other).verifyAll()).problems[0]?.what).toContain('another key')
  })
})
