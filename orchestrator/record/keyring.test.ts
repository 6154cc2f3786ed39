import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { connect, type Sql } from '../../shared/postgres/connect.ts'
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres.ts'
import { newRunId } from '../../test/support/record-fixtures.ts'
import { SealError } from '../model/seal.ts'
import { openKeyring } from './keyring.ts'

let database: TestDatabase
let sql: Sql
const open = () => openKeyring({ sql, home: database.home, now: () => new Date() })

beforeAll(async () => {
  database = await createTestDatabase()
  sql = connect(database.journalUrl, { max: 2, name: 'test' })
})
afterAll(async () => {
  await sql.end()
  await database.drop()
})

it('opens after a restart what was sealed before, even when two commands made the key at once', async () => {
  const run_id = newRunId()
  const [one, two] = await Promise.all([open(), open()])
  const [sealer] = await Promise.all([one.create(run_id), two.create(run_id)])
  const sealed = sealer.seal('hunter2', '/password')
  expect((await (await open()).sealer(run_id)).open(sealed)).toBe('hunter2')
})

it('keeps the wrapping key where only its owner can read it', async () => {
  await open()
  expect((await stat(join(database.home.keys, 'seal.key'))).mode & 0o777).toBe(0o600)
})

it('opens nothing of a run whose key was erased', async () => {
  const run_id = newRunId()
  const keyring = await open()
  await keyring.create(run_id)
  await keyring.erase(run_id)
  await expect(keyring.sealer(run_id)).rejects.toThrow(SealError)
  await expect(keyring.create(run_id)).rejects.toThrow('erased')
})

it('refuses a run without a key, and keys wrapped by another home', async () => {
  const run_id = newRunId()
  const keyring = await open()
  await expect(keyring.sealer(run_id)).rejects.toThrow('no key')
  await keyring.create(run_id)
  await rm(join(database.home.keys, 'seal.key'))
  await expect((await open()).sealer(run_id)).rejects.toThrow('seal.key')
})
