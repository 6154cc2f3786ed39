import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { withClient } from '../../shared/postgres/connect.ts'
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres.ts'
import { newRunId, noted } from '../../test/support/record-fixtures.ts'
import type { Event } from '../model/event.ts'
import { type BatchStore, postgresStore } from './batch.ts'
import { genesisHash } from './hash.ts'
import { type Journal, type JournalOptions, openJournal } from './journal.ts'
import { FenceLostError, RecordUnavailableError } from './record-errors.ts'

let database: TestDatabase
const open: Journal[] = []

beforeAll(async () => {
  database = await createTestDatabase()
})
afterEach(async () => {
  await Promise.all(open.splice(0).map((journal) => journal.close()))
})
afterAll(() => database.drop())

function journalOf(options: Partial<JournalOptions> = {}): Journal {
  const journal = openJournal({ url: database.journalUrl, now: () => new Date(), ...options })
  open.push(journal)
  return journal
}

const owner = { tenant: 'acme', principal: 'ann', goal: 'onboard', mode: 'emulated' as const }
const whats = (events: Event[]) => events.map(({ data }) => (data as { what: string }).what)

describe('an append', () => {
  it('returns the events as they will be read, each chained to the one before', async () => {
    const journal = journalOf()
    const run_id = newRunId()
    const created = await journal.create({ run_id, ...owner }, [noted('one'), noted('two')])
    const appended = await journal.append(run_id, [noted('three')])
    const all = await journal.read(run_id)
    expect(all).toEqual([...created, ...appended])
    expect(all.map(({ seq }) => seq)).toEqual([1, 2, 3])
    expect(all.map(({ prev_hash }) => prev_hash)).toEqual([genesisHash, all[0]?.hash, all[1]?.hash])
    expect(await journal.read(run_id, { after: 2 })).toEqual(appended)
  })

  it('changes the row of the run only where status or wake change', async () => {
    let clock = new Date('2026-05-01T00:00:00.000Z')
    const journal = journalOf({ now: () => clock })
    const run_id = newRunId()
    const rowOf = () =>
      withClient(database.url, 'test', async (sql) => {
        const [row] = await sql`SELECT status, wake_at, updated_at, xmin::text FROM remit.runs WHERE run_id = ${run_id}`
        return row
      })
    await journal.create({ run_id, ...owner }, [noted('one')])
    expect(await rowOf()).toMatchObject({ status: 'queued', wake_at: null })
    clock = new Date('2026-05-01T00:00:01.000Z')
    await journal.append(run_id, [noted('two')], { status: 'waiting', wake_at: '2026-05-02T00:00:00.000Z' })
    const waiting = await rowOf()
    expect(waiting).toMatchObject({
      status: 'waiting',
      wake_at: new Date('2026-05-02T00:00:00.000Z'),
      updated_at: clock,
    })
    await journal.append(run_id, [noted('three')])
    await journal.append(run_id, [noted('four')], { status: 'waiting' })
    expect(await rowOf()).toEqual(waiting)
    await journal.append(run_id, [noted('five')], { status: 'running', wake_at: null })
    expect(await rowOf()).toMatchObject({ status: 'running', wake_at: null })
  })

  it('stores drafts that arrive while one is under way together, in order', async () => {
    const batches: number[] = []
    const journal = journalOf({ store: (sql) => counting(postgresStore(sql), batches) })
    const run_id = newRunId()
    await journal.create({ run_id, ...owner }, [noted('0')])
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        if (index > 0) await new Promise((resolve) => setImmediate(resolve))
        return journal.append(run_id, [noted(`${index}a`), noted(`${index}b`)])
      }),
    )
    expect(answers.map(whats)).toEqual(Array.from({ length: 20 }, (_, index) => [`${index}a`, `${index}b`]))
    expect((await journal.read(run_id)).map(({ seq }) => seq)).toEqual(
      Array.from({ length: 41 }, (_, index) => index + 1),
    )
    expect(batches.length).toBeLessThan(8)
  })

  it('shares one commit with other runs', async () => {
    const batches: number[] = []
    const journal = journalOf({ store: (sql) => counting(postgresStore(sql), batches) })
    await Promise.all(Array.from({ length: 50 }, () => journal.create({ run_id: newRunId(), ...owner }, [noted('x')])))
    expect(batches).toEqual([50])
  })

  it('refuses a run that this journal does not hold', async () => {
    await expect(journalOf().append(newRunId(), [noted('x')])).rejects.toThrow('adopt it')
    await expect(journalOf().adopt(newRunId())).rejects.toThrow('no run')
  })

  it('stores a draft as it was when it was appended, whatever becomes of it while it waits', async () => {
    const journal = journalOf()
    const run_id = newRunId()
    await journal.create({ run_id, ...owner }, [noted('one')])
    const details = { count: 1 }
    const appended = journal.append(run_id, [{ type: 'system_noted', data: { what: 'two', details } }])
    details.count = 2
    await appended
    expect(await journal.read(run_id, { after: 1 })).toMatchObject([{ data: { details: { count: 1 } } }])
  })

  it('refuses JSON that is nested too deep to be read again, and goes on', async () => {
    const journal = journalOf()
    const run_id = newRunId()
    await journal.create({ run_id, ...owner }, [noted('one')])
    const deep = JSON.parse('['.repeat(3_500) + ']'.repeat(3_500))
    const refused = journal.append(run_id, [{ type: 'system_noted', data: { what: 'deep', details: deep } }])
    await expect(refused).rejects.toThrow('more than 1000 levels deep')
    expect(whats(await journal.append(run_id, [noted('two')]))).toEqual(['two'])
  })

  it('that waits is refused, not forgotten, when the run is adopted again in the same process', async () => {
    const gate = Promise.withResolvers<void>()
    let blocked = false
    const store = (sql: Parameters<typeof postgresStore>[0]): BatchStore => {
      const inner = postgresStore(sql)
      const insert: BatchStore['insert'] = async (writes) => {
        if (blocked) await gate.promise
        return inner.insert(writes)
      }
      return { ...inner, insert }
    }
    const journal = journalOf({ store })
    const run_id = newRunId()
    await journal.create({ run_id, ...owner }, [noted('one')])
    blocked = true
    const adopted = journal.adopt(run_id)
    const underWay = journal.append(run_id, [noted('two')])
    await new Promise((resolve) => setImmediate(resolve))
    const waits = journal.append(run_id, [noted('three')])
    waits.catch(() => {})
    await adopted
    gate.resolve()
    expect(whats(await underWay)).toEqual(['two'])
    await expect(waits).rejects.toThrow(FenceLostError)
    await expect(journal.append(run_id, [noted('four')])).rejects.toThrow(FenceLostError)
  })

  it('refuses what is not JSON, and goes on', async () => {
    const journal = journalOf()
    const run_id = newRunId()
    await journal.create({ run_id, ...owner }, [noted('one')])
    const notJson = noted('x')
    Object.assign(notJson.data, { details: 1n })
    await expect(journal.append(run_id, [notJson])).rejects.toThrow(TypeError)
    expect(await journal.append(run_id, [noted('two')])).toMatchObject([{ seq: 2 }])
  })
})

describe('the fence', () => {
  it('lets exactly one of two writers have each place, and tells the other', async () => {
    const [one, two] = [journalOf(), journalOf()]
    const run_id = newRunId()
    await one.create({ run_id, ...owner }, [noted('start')])
    for (let round = 0; round < 15; round += 1) {
      await Promise.all([one.adopt(run_id), two.adopt(run_id)])
      const results = await Promise.allSettled([
        one.append(run_id, [noted(`one ${round}`)]),
        two.append(run_id, [noted(`two ${round}`)]),
      ])
      const lost = results.filter((result) => result.status === 'rejected')
      expect(lost).toHaveLength(1)
      expect(lost[0]?.reason).toBeInstanceOf(FenceLostError)
    }
    const all = await one.read(run_id)
    expect(all).toHaveLength(16)
    expect(all.slice(1).map(({ prev_hash }) => prev_hash)).toEqual(all.slice(0, -1).map(({ hash }) => hash))
  })

  it('tells two writers apart that append the very same in the same millisecond', async () => {
    const [one, two] = [journalOf({ now: () => new Date(0) }), journalOf({ now: () => new Date(0) })]
    const run_id = newRunId()
    await one.create({ run_id, ...owner }, [noted('start')])
    await two.adopt(run_id)
    await one.append(run_id, [noted('same')])
    await expect(two.append(run_id, [noted('same')])).rejects.toBeInstanceOf(FenceLostError)
  })

  it('takes one run from the loser and leaves it the others', async () => {
    const [one, two] = [journalOf(), journalOf()]
    const [shared, own] = [newRunId(), newRunId()]
    await one.create({ run_id: shared, ...owner }, [noted('a')])
    await two.adopt(shared)
    await one.append(shared, [noted('b')])
    await two.create({ run_id: own, ...owner }, [noted('a')])
    const [lost, kept] = await Promise.allSettled([two.append(shared, [noted('c')]), two.append(own, [noted('b')])])
    expect(lost).toMatchObject({ status: 'rejected', reason: expect.any(FenceLostError) })
    expect(kept).toMatchObject({ status: 'fulfilled' })
    await expect(two.append(shared, [noted('d')])).rejects.toThrow('adopt it')
    expect(whats(await two.adopt(shared))).toEqual(['a', 'b'])
    expect(await two.append(shared, [noted('c')])).toMatchObject([{ seq: 3 }])
  })
})

describe('a Postgres that goes away', () => {
  it('stores an append once when the reply to its commit was lost', async () => {
    const journal = journalOf({ store: (sql) => losingReplies(postgresStore(sql)) })
    const [first, second] = [newRunId(), newRunId()]
    await Promise.all([
      journal.create({ run_id: first, ...owner }, [noted('one')]),
      journal.create({ run_id: second, ...owner }, [noted('one'), noted('two')]),
    ])
    await journal.append(first, [noted('two')])
    for (const run_id of [first, second]) expect(whats(await journal.read(run_id))).toEqual(['one', 'two'])
  })

  it('says so, and has advanced nothing', async () => {
    let away = false
    const store = (sql: Parameters<typeof postgresStore>[0]): BatchStore => {
      const inner = postgresStore(sql)
      return { ...inner, insert: (writes) => (away ? Promise.reject(refused()) : inner.insert(writes)) }
    }
    const journal = journalOf({ store, patienceMs: 60 })
    const run_id = newRunId()
    await journal.create({ run_id, ...owner }, [noted('one')])
    away = true
    await expect(journal.append(run_id, [noted('two')])).rejects.toBeInstanceOf(RecordUnavailableError)
    away = false
    expect(whats(await journal.adopt(run_id))).toEqual(['one'])
    expect(await journal.append(run_id, [noted('two')])).toMatchObject([{ seq: 2 }])
  })

  it('is not mistaken for a lost fence when its server refuses connections', async () => {
    const journal = journalOf({ url: 'postgres://remit_journal:x@127.0.0.1:1/remit', patienceMs: 60 })
    await expect(journal.create({ run_id: newRunId(), ...owner }, [noted('x')])).rejects.toBeInstanceOf(
      RecordUnavailableError,
    )
    await expect(journal.read(newRunId())).rejects.toBeInstanceOf(RecordUnavailableError)
  })

  it('is waited for within the patience, over cut connections', async () => {
    const journal = journalOf()
    const run_id = newRunId()
    await journal.create({ run_id, ...owner }, [noted('one')])
    await withClient(
      database.url,
      'test',
      (sql) => sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name = 'remit journal' AND datname = current_database()`,
    )
    expect(await journal.append(run_id, [noted('two')])).toMatchObject([{ seq: 2 }])
  })
})

describe('the system stream', () => {
  it('takes notes of several workers at once and stays one chain', async () => {
    const workers = [journalOf(), journalOf(), journalOf()]
    await Promise.all(workers.flatMap((worker) => [worker.note([noted('a')]), worker.note([noted('b')])]))
    const all = await journalOf().note([noted('last')])
    expect(all).toMatchObject([{ seq: 7, tenant: 'system' }])
  })
})

function counting(store: BatchStore, batches: number[]): BatchStore {
  return {
    ...store,
    insert(writes) {
      batches.push(writes.length)
      return store.insert(writes)
    },
  }
}

/** Every statement is stored, and the connection breaks before its answer comes; answers to repeats do come. */
function losingReplies(store: BatchStore): BatchStore {
  return {
    ...store,
    async insert(writes) {
      await store.insert(writes)
      throw Object.assign(new Error('write CONNECTION_CLOSED'), { code: 'CONNECTION_CLOSED' })
    },
  }
}

function refused(): Error {
  return Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
}
