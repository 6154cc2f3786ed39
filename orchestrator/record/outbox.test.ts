import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Json } from '../../shared/json.ts'
import { connect, type Sql } from '../../shared/postgres/connect.ts'
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres.ts'
import { type Outbox, openOutbox } from './outbox.ts'

let database: TestDatabase
let admin: Sql
let outbox: Outbox
beforeAll(async () => {
  database = await createTestDatabase()
  admin = connect(database.url, { max: 2, name: 'test' })
  outbox = openOutbox(database.journalUrl)
})
afterAll(async () => {
  await Promise.all([outbox.close(), admin.end()])
  await database.drop()
})

const taken: { id: string; payload: Json }[] = []
const take = async (message: { id: string; payload: Json }) => {
  taken.push(message)
  return 'done' as const
}
/** As if the time of every message had come. */
const now = () => admin`UPDATE remit.outbox SET available_at = now()`

describe('the outbox', () => {
  it('hands over messages in order, each once, whatever JSON they are', async () => {
    await outbox.enqueue('a', { id: 'm1', payload: { text: 'nul \u0000 and \ud800' } })
    await outbox.enqueue('a', { id: 'm2', payload: [1, null] })
    await outbox.enqueue('a', { id: 'm2', payload: 'the same message again' })
    await outbox.enqueue('b', { payload: {} })
    taken.length = 0
    while (await outbox.receive('a', take));
    expect(taken).toEqual([
      { id: 'm1', payload: { text: 'nul \u0000 and \ud800' } },
      { id: 'm2', payload: [1, null] },
    ])
    expect(await outbox.receive('b', take)).toBe(true)
  })

  it('is one for all workers: what one has, no other gets', async () => {
    const other = openOutbox(database.journalUrl)
    await outbox.enqueue('shared', { id: 's1', payload: 1 })
    const inside = Promise.withResolvers<void>()
    const release = Promise.withResolvers<void>()
    const first = outbox.receive('shared', async () => {
      inside.resolve()
      await release.promise
      return 'done'
    })
    await inside.promise
    expect(await other.receive('shared', take)).toBe(false)
    release.resolve()
    expect(await first).toBe(true)
    expect(await other.receive('shared', take)).toBe(false)
    await other.close()
  })

  it('keeps a message that could not be taken, and hands it over again later', async () => {
    await outbox.enqueue('later', { id: 'l1', payload: 1 })
    await expect(outbox.receive('later', () => Promise.reject(new Error('the record is away')))).rejects.toThrow('away')
    expect(await outbox.receive('later', take), 'not at once').toBe(false)
    await now()
    taken.length = 0
    expect(await outbox.receive('later', take)).toBe(true)
    expect(taken).toEqual([{ id: 'l1', payload: 1 }])
  })

  it('gives a message back whose worker died while it had it', async () => {
    await outbox.enqueue('dying', { id: 'd1', payload: 1 })
    const inside = Promise.withResolvers<void>()
    const dead = outbox.receive('dying', () => {
      inside.resolve()
      return new Promise(() => {})
    })
    const lost = expect(dead).rejects.toThrow('the record is not available')
    await inside.promise
    await admin`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'remit outbox' AND state = 'idle in transaction'`
    await lost
    expect(await outbox.receive('dying', take)).toBe(true)
  })

  it('sets aside what can never be used, with the reason', async () => {
    await outbox.enqueue('bad', { id: 'b1', payload: 1 })
    expect(await outbox.receive('bad', async () => ({ refused: 'no email' }))).toBe(true)
    await now()
    expect(await outbox.receive('bad', take)).toBe(false)
    expect(await outbox.refused()).toMatchObject([{ queue: 'bad', message_id: 'b1', refused: 'no email' }])
  })

  it('tells at once of a message, also of one that an application’s own role put there in its transaction', async () => {
    // Roles belong to the whole Postgres, which tests share.
    const role = `shop_${randomBytes(6).toString('hex')}`
    const heard = Promise.withResolvers<string | undefined>()
    const listening = await outbox.listen(heard.resolve)
    await admin.begin(async (transaction) => {
      await transaction.unsafe(`CREATE ROLE ${role}`)
      await transaction.unsafe(`GRANT USAGE ON SCHEMA remit TO ${role}`)
      await transaction.unsafe(`GRANT EXECUTE ON FUNCTION remit.enqueue(text, jsonb, text) TO ${role}`)
      await transaction.unsafe(`SET LOCAL ROLE ${role}`)
      await transaction`SELECT remit.enqueue('told', '{"from": "shop"}')`
    })
    expect(await heard.promise).toBe('told')
    await listening.close()
    await expect(
      admin.begin(async (transaction) => {
        await transaction.unsafe(`SET LOCAL ROLE ${role}`)
        await transaction`SELECT * FROM remit.outbox`
      }),
    ).rejects.toThrow('permission denied')
    await admin.unsafe(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
  })
})
