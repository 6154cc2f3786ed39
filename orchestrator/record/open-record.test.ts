import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { connect as connectSocket } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { withClient } from '../../shared/postgres/connect.ts'
import { removePlacedData } from '../../test/support/placed-data.ts'
import { createTestDatabase } from '../../test/support/postgres.ts'
import { newRunId, noted } from '../../test/support/record-fixtures.ts'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { type Home, openHome } from '../home/home.ts'
import { joinHome } from '../home/shared-process.ts'
import { openRecord } from './open-record.ts'
import { placedData } from './postgres-placement.ts'

describe('the embedded Postgres', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let home: Home
  beforeEach(async () => {
    folder = await temporaryFolder()
    home = openHome(join(folder.path, 'home'))
  })
  afterEach(async () => {
    await (await joinHome(home)).leave()
    await removePlacedData(home)
    await folder.remove()
  })

  it('is one for two commands that start it at once; the record outlives them', async () => {
    const [one, two] = await Promise.all([command(home), command(home)])
    expect(two.port).toBe(one.port)
    await end(one.child)
    expect(await answers(one.port)).toBe(true)
    await end(two.child)
    expect(await answers(one.port)).toBe(false)

    const run_id = newRunId()
    await withRecord(home, async (record) => {
      await record.journal.create(
        { run_id, tenant: 'acme', principal: 'ann', goal: 'onboard', mode: 'emulated' as const },
        [noted('kept')],
      )
    })
    await withRecord(home, async (record) => {
      expect(await record.journal.adopt(run_id)).toMatchObject([{ seq: 1, tenant: 'acme' }])
      expect((await record.verifier.verifyAll()).problems).toEqual([])
    })
  })

  it('is gone after a kill -9 and one more command, and used again by that one even when nobody remembers it', async () => {
    const killed = await command(home)
    killed.child.kill('SIGKILL')
    await once(killed.child, 'exit')
    expect(await answers(killed.port)).toBe(true)
    await rm(home.registry)
    const next = await command(home)
    expect(next.port).toBe(killed.port)
    await end(next.child)
    expect(await answers(killed.port)).toBe(false)
  })

  it.runIf(process.platform === 'linux')('recovers in the same time however many workspaces there are', async () => {
    await withRecord(home, async ({ embedded }) => {
      const method = await withClient(String(embedded?.adminUrl), 'test', (sql) => sql`SHOW recovery_init_sync_method`)
      expect(method).toEqual([{ recovery_init_sync_method: 'syncfs' }])
    })
  })

  it('lets nobody in without a password, nor tells one, and keeps its files private', async () => {
    await withRecord(home, async ({ embedded }) => {
      const url = new URL(String(embedded?.adminUrl))
      url.password = ''
      await expect(withClient(url.toString(), 'test', (sql) => sql`SELECT 1`)).rejects.toThrow(/password/)
    })
    const passwords = JSON.parse(await readFile(join(home.credentials, 'roles.json'), 'utf8')) as Record<string, string>
    const log = await readFile(join(home.logs, 'postgres.log'), 'utf8')
    for (const password of Object.values(passwords)) expect(log).not.toContain(password)
  })

  it('refuses data of another version, and a home whose data is gone, in words', async () => {
    await withRecord(home, async () => {})
    const dataFolder = String(await placedData(home))
    await writeFile(join(dataFolder, 'PG_VERSION'), '17\n')
    await expect(withRecord(home, async () => {})).rejects.toThrow('was made by PostgreSQL 17')
    await rm(dataFolder, { recursive: true })
    await expect(withRecord(home, async () => {})).rejects.toThrow('is gone from')
  })
})

describe('an external Postgres', () => {
  it('is used by its owner’s URL alone, and no Postgres is started', async () => {
    const database = await createTestDatabase()
    const membership = await joinHome(database.home)
    const record = await openRecord({ home: database.home, membership, databaseUrl: database.ownerUrl })
    expect(record.embedded).toBeUndefined()
    expect((await membership.status()).services).toEqual([])
    await record.journal.note([noted('loaded')])
    expect(await record.signHeads()).toBe(1)
    await record.close()
    await membership.leave()
    await database.drop()
  })

  it('has partitions for the months ahead, which who runs for months has made now and then', async () => {
    const database = await createTestDatabase()
    const membership = await joinHome(database.home)
    let today = new Date('2031-01-15T12:00:00Z')
    const { home, ownerUrl: databaseUrl } = database
    const record = await openRecord({ home, membership, databaseUrl, now: () => today })
    const partitions = () =>
      withClient(database.url, 'test', async (sql) => {
        const rows = await sql<{ name: string }[]>`
          SELECT relname AS name FROM pg_class WHERE relname LIKE '%2031_0_' AND relkind = 'r' ORDER BY relname`
        return rows.map(({ name }) => name)
      })
    const until = (last: number) =>
      ['events', 'payloads'].flatMap((kind) => Array.from({ length: last }, (_, index) => `${kind}_2031_0${index + 1}`))
    expect(await partitions()).toEqual(until(4))
    for (let month = 2; month <= 6; month += 1) {
      today = new Date(`2031-0${month}-01T00:00:00Z`)
      await Promise.all([record.ensurePartitions(), record.ensurePartitions()])
    }
    expect(await partitions()).toEqual(until(9))
    await record.close()
    await membership.leave()
    await database.drop()
  })
})

async function withRecord(
  home: Home,
  work: (record: Awaited<ReturnType<typeof openRecord>>) => Promise<void>,
): Promise<void> {
  const membership = await joinHome(home)
  try {
    const record = await openRecord({ home, membership })
    await work(record).finally(() => record.close())
  } finally {
    await membership.leave()
  }
}

async function command(home: Home): Promise<{ child: ChildProcess; port: number }> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('fixtures/command.ts', import.meta.url)), home.path], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { child, port: Number(String(line)) }
}

async function end(child: ChildProcess): Promise<void> {
  child.stdin?.end()
  await once(child, 'exit')
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectSocket({ host: '127.0.0.1', port })
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
