import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres.ts'
import { type Ending, openRoughProxy, type RoughProxy } from '../../test/support/rough-proxy.ts'
import { connect, type Sql } from './connect.ts'
import { errorCode, isConnectionError } from './postgres-errors.ts'
import { withUrl } from './with-url.ts'

let database: TestDatabase
let proxy: RoughProxy
beforeAll(async () => {
  database = await createTestDatabase()
  proxy = await openRoughProxy(database.url)
})
afterAll(async () => {
  await proxy[Symbol.asyncDispose]()
  await database.drop()
})

const endings: Ending[] = ['reset', 'finish', 'terminate']

describe('a client whose connections end under load', () => {
  it('answers each statement with its own answer or says that Postgres is away, and goes on', async () => {
    const sql = connect(proxy.url, { max: 3, name: 'test' })
    let answered = 0
    const wrong: unknown[] = []
    let going = true
    const ask = async (text: string): Promise<void> => {
      for (let asked = 0; going; asked += 1) {
        const id = `${text}${asked}`
        try {
          const [row] = asked % 3 === 0 ? await inTransaction(sql, id) : await sql<{ id: string }[]>`SELECT ${id} AS id`
          if (row?.id === id) answered += 1
          else wrong.push({ id, row })
        } catch (error) {
          if (!isConnectionError(error)) wrong.push(error)
        }
      }
    }
    // Long texts are sent at once, short ones a moment later, when the connection may have ended.
    const asking = Array.from({ length: 12 }, (_, index) => ask(`${index} ${'x'.repeat(index % 2 === 0 ? 0 : 2_000)} `))
    for (const ending of [...endings, ...endings, ...endings, ...endings]) {
      await sleep(40)
      proxy.end(ending)
    }
    const before = answered
    await expect.poll(() => answered).toBeGreaterThan(before + 100)
    going = false
    await Promise.all(asking)
    expect(wrong).toEqual([])
    await sql.end({ timeout: 1 })
  })
})

describe('a transaction', () => {
  it.each([
    ['among others', 2],
    ['on the only connection', 1],
  ])('is undone where its work throws, and stored where it does not: %s', async (_, max) => {
    const sql = connect(database.url, { max, name: 'test' })
    await sql.unsafe('CREATE TABLE IF NOT EXISTS kept (id text)')
    await sql.begin((transaction) => transaction`INSERT INTO kept VALUES (${`stored ${max}`})`)
    const undone = sql.begin(async (transaction) => {
      await transaction`INSERT INTO kept VALUES (${`undone ${max}`})`
      throw new RangeError('no')
    })
    await expect(undone).rejects.toThrow(RangeError)
    const rows = await sql<{ id: string }[]>`SELECT id FROM kept WHERE id LIKE ${`%${max}`}`
    expect(rows.map(({ id }) => id)).toEqual([`stored ${max}`])
    await sql.end({ timeout: 1 })
  })

  it('is refused where one of its statements failed and nobody minded', async () => {
    const sql = connect(database.url, { max: 2, name: 'test' })
    const careless = sql.begin(async (transaction) => {
      await transaction.unsafe('SELECT 1 / 0').catch(() => {})
    })
    await expect(careless).rejects.toThrow('rolled back')
    expect(await sql.begin((transaction) => transaction`SELECT 1 AS one`)).toMatchObject([{ one: 1 }])
    await sql.end({ timeout: 1 })
  })

  it.each(endings)(
    'whose connection ends in the middle of its work lets nothing through any more: %s',
    async (ending) => {
      const sql = connect(proxy.url, { max: 2, name: 'test' })
      const direct = connect(database.url, { max: 1, name: 'test' })
      await direct.unsafe('CREATE TABLE IF NOT EXISTS late (id text)')
      const cut = Promise.withResolvers<void>()
      const late = Promise.withResolvers<unknown>()
      const lost = sql.begin(async (transaction) => {
        await transaction`INSERT INTO late VALUES ('early')`
        proxy.end(ending)
        await cut.promise
        await transaction`INSERT INTO late VALUES ('late')`.catch(late.resolve)
      })
      lost.catch(late.resolve)
      expect(errorCode(await lost.catch((error: unknown) => error))).toBe('CONNECTION_CLOSED')
      cut.resolve()
      await late.promise
      expect([...(await direct`SELECT id FROM late`)]).toEqual([])
      await Promise.all([sql.end({ timeout: 1 }), direct.end({ timeout: 1 })])
    },
  )

  it.each([1, 2])('waits where its role has no connection left, whoever has them: %i', async (max) => {
    const role = `few_${max}`
    const admin = connect(database.url, { max: 1, name: 'test' })
    const { pathname } = new URL(database.url)
    await admin.unsafe(`CREATE ROLE ${role} LOGIN CONNECTION LIMIT 1 PASSWORD '${role}'`)
    await admin.unsafe(`GRANT CONNECT ON DATABASE ${pathname.slice(1)} TO ${role}`)
    const url = withUrl(database.url, { user: role, password: role })
    const [sql, other, third] = [max, 1, 1].map((most) => connect(url, { max: most, name: 'test' })) as [Sql, Sql, Sql]
    expect(await other`SELECT 1 AS one`).toMatchObject([{ one: 1 }])
    let isRefused = false
    const begun = sql.begin((transaction) => transaction`SELECT 1 AS one`)
    void begun.catch(() => {
      isRefused = true
    })
    expect(await third`SELECT 1`.catch(errorCode)).toBe('53300')
    await sleep(500)
    expect(isRefused).toBe(false)
    await other.end({ timeout: 1 })
    expect(await begun).toMatchObject([{ one: 1 }])
    await Promise.all([sql.end({ timeout: 1 }), third.end({ timeout: 1 })])
    await admin.unsafe(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
    await admin.end({ timeout: 1 })
  })

  it.each([1, 2])('waits for its turn where as many are under way as may be: %i', async (max) => {
    const sql = connect(database.url, { max, name: 'test' })
    let open = 0
    let most = 0
    const one = () =>
      sql.begin(async (transaction) => {
        open += 1
        most = Math.max(most, open)
        await transaction`SELECT pg_sleep(0.01)`
        open -= 1
      })
    await Promise.all(Array.from({ length: 8 }, one))
    expect(most).toBe(max)
    await sql.end({ timeout: 1 })
  })
})

function inTransaction(sql: Sql, id: string): Promise<{ id: string }[]> {
  return sql.begin(async (transaction) => {
    await transaction`SELECT 1`
    return [...(await transaction<{ id: string }[]>`SELECT ${id} AS id`)]
  }, 'READ ONLY')
}
