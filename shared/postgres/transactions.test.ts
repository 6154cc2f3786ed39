import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres.ts'
import { type Fate, onceCommitted, openRoughProxy } from '../../test/support/rough-proxy.ts'
import { connect, type Sql } from './connect.ts'
import { CommitUnknownError, ConnectionEndedError } from './postgres-errors.ts'
import { withUrl } from './with-url.ts'

let database: TestDatabase
let direct: Sql
beforeAll(async () => {
  database = await createTestDatabase()
  direct = connect(database.url, { max: 1, name: 'test' })
  await direct.unsafe('CREATE TABLE kept (id text)')
})
afterAll(async () => {
  await direct.end({ timeout: 1 })
  await database.drop()
})

const thrownBy = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

describe('a transaction whose connection ends', () => {
  it.each<Fate>([
    { ending: 'reset', arrives: true },
    { ending: 'finish', arrives: true },
    { ending: 'terminate', arrives: false },
  ])('says that nobody knows where its COMMIT was sent: %o', async (fate) => {
    await using proxy = await openRoughProxy(database.url, onceCommitted(1, fate))
    const sql = connect(proxy.url, { max: 2, name: 'test' })
    const id = `${fate.ending} ${fate.arrives}`
    const error = await thrownBy(sql.begin((transaction) => transaction`INSERT INTO kept VALUES (${id})`))
    expect(error).toBeInstanceOf(CommitUnknownError)
    await expect.poll(() => direct`SELECT FROM kept WHERE id = ${id}`).toHaveLength(fate.arrives ? 1 : 0)
    expect(await sql.begin((transaction) => transaction`SELECT 1 AS one`)).toMatchObject([{ one: 1 }])
    await sql.end({ timeout: 1 })
  })

  it('says that it was not stored where it could not even begin, and by which error', async () => {
    const nowhere = connect('postgres://nobody:x@127.0.0.1:1/nothing', { max: 2, name: 'test' })
    const error = await thrownBy(nowhere.begin(async () => expect.unreachable('began')))
    expect(error).toBeInstanceOf(ConnectionEndedError)
    expect(error).toMatchObject({ code: 'ECONNREFUSED', cause: { syscall: 'connect' } })
    await nowhere.end({ timeout: 1 })
  })

  it('throws what its work has thrown, where that came first', async () => {
    await using proxy = await openRoughProxy(database.url)
    const sql = connect(proxy.url, { max: 2, name: 'test' })
    const failed = sql.begin(async (transaction) => {
      await transaction`INSERT INTO kept VALUES ('refused')`
      proxy.end('reset')
      throw new RangeError('no')
    })
    await expect(failed).rejects.toThrow(RangeError)
    expect(await direct`SELECT FROM kept WHERE id = 'refused'`).toHaveLength(0)
    await sql.end({ timeout: 1 })
  })
})

it('a transaction whose login is refused says what Postgres says', async () => {
  const wrong = connect(withUrl(database.url, { password: 'wrong' }), { max: 2, name: 'test' })
  await expect(wrong.begin((transaction) => transaction`SELECT 1`)).rejects.toMatchObject({ code: '28P01' })
  await wrong.end({ timeout: 1 })
})

it('a client lets go of connections that nobody uses, not of a transaction, and makes new ones', async () => {
  const sql = connect(database.url, { max: 2, name: 'idle test', idleSeconds: 0.3 })
  const open = () => direct`SELECT FROM pg_stat_activity WHERE application_name = 'remit idle test'`
  const use = async () => {
    const answers = await Promise.all([
      sql<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`,
      sql.begin((transaction) => transaction<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`),
    ])
    await expect.poll(open, { timeout: 10_000 }).toHaveLength(0)
    return answers.map(([row]) => row?.pid)
  }
  expect(new Set([...(await use()), ...(await use())]).size).toBe(4)
  const [row] = await sql.begin(async (transaction) => {
    await transaction`SELECT 1`
    await sleep(900)
    return transaction<{ one: number }[]>`SELECT 1 AS one`
  })
  expect(row).toEqual({ one: 1 })
  await sql.end({ timeout: 1 })
})
