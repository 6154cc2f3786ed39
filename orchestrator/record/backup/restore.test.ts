import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { withClient } from '../../../shared/postgres/connect.ts'
import { removePlacedData } from '../../../test/support/placed-data.ts'
import { createTestDatabase } from '../../../test/support/postgres.ts'
import { begun, newRunId, noted } from '../../../test/support/record-fixtures.ts'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { type Home, openHome } from '../../home/home.ts'
import { joinHome } from '../../home/shared-process.ts'
import { draft, type Event } from '../../model/event.ts'
import { type OpenRecord, openRecord } from '../open-record.ts'
import { BackupError, wholeText, writeArchive } from './archive.ts'
import { backUp, platform } from './back-up.ts'
import { externalDatabases } from './external-databases.ts'
import { restore } from './restore.ts'

const { signal } = new AbortController()
const kept = { replace: false, postgres: 'embedded' } as const
const owner = { tenant: 'acme', principal: 'ann', goal: 'onboard', mode: 'emulated' as const }
let folder: Awaited<ReturnType<typeof temporaryFolder>>
beforeAll(async () => {
  folder = await temporaryFolder('remit-backup-')
})
afterAll(() => folder.remove())

describe('a backup of a home that works', () => {
  let home: Home
  let file: string
  const run_id = newRunId()
  let sealed: unknown
  let atLeast = 0
  const restored = () => openHome(join(folder.path, 'restored'))

  beforeAll(async () => {
    home = openHome(join(folder.path, 'home'))
    file = join(folder.path, 'backup.tar.gz')
    await opened(home, async (record) => {
      const sealer = await record.keyring.create(run_id)
      sealed = { ...sealer.seal('hunter2', '/secret') }
      await record.journal.create(
        { run_id, ...owner },
        [begun('emulated'), draft('system_noted', { what: '0', details: { sealed } as never })],
        { status: 'waiting' },
      )
      const url = await record.serverDatabase({ kind: 'schema', name: 'organizations' })
      await withClient(url, 'test', (sql) => sql`CREATE TABLE organization AS SELECT 'Acme' AS name`)
      await writeFile(join(home.serverFolder('provisioning'), 'secret.json'), '{"secret": 1}', { mode: 0o600 })
      await record.signHeads()

      let going = true
      let appended = 1
      const load = (async () => {
        while (going) {
          await record.journal.append(run_id, [noted(String(appended)), noted('x'.repeat(2_000))])
          appended += 1
        }
      })()
      await vi.waitFor(() => expect(appended).toBeGreaterThan(5))
      atLeast = appended * 2 - 1
      const { adminUrl, dataFolder } = record.embedded as { adminUrl: string; dataFolder: string }
      // What the copy of `pg_control` knows of is then later than what the files before it hold.
      const checkpoints = withClient(adminUrl, 'test', async (sql) => {
        while (going) await sql`CHECKPOINT`
      })
      await backUp(home, { adminUrl, dataFolder }, { file, now: new Date(), signal })
      going = false
      await Promise.all([load, checkpoints])
    })
    await restore(file, join(folder.path, 'restored'), { ...kept, signal })
  }, 120_000)
  afterAll(async () => {
    for (const one of [home, restored()]) await removePlacedData(one)
  })

  it('comes back whole: the record to the instant of the backup, keys, secrets and what servers keep', async () => {
    await opened(restored(), async (record) => {
      const events: Event[] = await record.journal.adopt(run_id)
      expect(events.length).toBeGreaterThanOrEqual(atLeast)
      expect((await record.verifier.verifyAll()).problems).toEqual([])
      expect((await record.keyring.sealer(run_id)).open(sealed as never)).toBe('hunter2')
      const url = await record.serverDatabase({ kind: 'schema', name: 'organizations' })
      expect(await withClient(url, 'test', (sql) => sql`SELECT name FROM organization`)).toEqual([{ name: 'Acme' }])
      expect(await readFile(join(restored().serverFolder('provisioning'), 'secret.json'), 'utf8')).toBe('{"secret": 1}')

      await record.queue.wake(run_id)
      expect((await record.queue.claim(10, 'emulated')).map((lease) => lease.run_id)).toEqual([run_id])
      expect(await record.journal.append(run_id, [noted('goes on')])).toMatchObject([{ seq: events.length + 1 }])
      expect(await record.signHeads()).toBeGreaterThan(0)
      expect((await record.verifier.verifyAll()).problems).toEqual([])
    })
  })

  it('is refused where the home holds something or is in use, and moves it aside where that is asked', async () => {
    const path = join(folder.path, 'taken')
    const taken = openHome(path)
    await writeFile(join(taken.keys, 'seal.key'), 'old')
    await expect(restore(file, path, { ...kept, signal })).rejects.toThrow('is not empty')
    const { replaced } = await restore(file, path, { ...kept, replace: true, signal })
    expect(await readFile(join(String(replaced), 'keys', 'seal.key'), 'utf8')).toBe('old')
    await opened(openHome(path), async (record) => {
      expect((await record.journal.read(run_id)).length).toBeGreaterThanOrEqual(atLeast)
    })
    await removePlacedData(openHome(path))
  })

  it('leaves no trace where it is damaged', async () => {
    const damaged = join(folder.path, 'damaged.tar.gz')
    const bytes = await readFile(file)
    await writeFile(damaged, bytes.subarray(0, bytes.length - 100))
    const before = await readdir(folder.path)
    await expect(restore(damaged, join(folder.path, 'new'), { ...kept, signal })).rejects.toThrow(BackupError)
    expect(await readdir(folder.path)).toEqual(before)
  })
})

describe('a backup that does not fit', () => {
  const target = () => join(folder.path, 'unfit')
  const restoreOf = async (head: object) => {
    const file = join(folder.path, 'unfit.tar.gz')
    await writeArchive(file, (archive) => archive.file('backup.json', wholeText(JSON.stringify(head))), signal)
    return restore(file, target(), { ...kept, signal })
  }
  const head = { format: 'remit backup', version: 1, made_at: '2026-01-01T00:00:00Z', platform: platform() }
  beforeEach(() => rm(target(), { recursive: true, force: true }))
  afterEach(async () => expect(await readdir(folder.path)).not.toContain('unfit'))

  it.each([
    ['another PostgreSQL', { ...head, postgres: { kind: 'embedded', major: '17' } }, 'PostgreSQL 17, and this Remit'],
    ['another machine', { ...head, platform: 'plan9 vax', postgres: { kind: 'embedded', major: '18' } }, 'plan9 vax'],
    [
      'an external Postgres',
      { ...head, postgres: { kind: 'external', databases: ['remit', 'ws_acme'] } },
      '(remit, ws_acme) lie in an external Postgres',
    ],
    ['another format', { ...head, version: 2 }, 'no backup that this version of Remit can read'],
  ])('because of %s is refused before anything is written', async (_, unfit, message) => {
    await expect(restoreOf(unfit)).rejects.toThrow(message)
  })

  it('because its folder holds what is not Remit’s is refused, --replace or not', async () => {
    const other = join(folder.path, 'other')
    await mkdir(other)
    await writeFile(join(other, 'thesis.txt'), 'x')
    await expect(restore('any', other, { ...kept, replace: true, signal })).rejects.toThrow('other files')
    expect(await readdir(other)).toEqual(['thesis.txt'])
  })

  it('because a process uses the home is refused', async () => {
    const path = join(folder.path, 'live')
    const membership = await joinHome(openHome(path))
    await writeFile(join(path, 'keys', 'seal.key'), 'x')
    const attempt = restore('any', path, { ...kept, replace: true, signal })
    await expect(attempt).rejects.toThrow(`in use by process ${process.pid}`)
    await membership.leave()
  })
})

it('a backup over an external Postgres names the databases that it does not hold', async () => {
  const database = await createTestDatabase()
  const databases = await externalDatabases(database.ownerUrl)
  expect(databases[0]).toBe(new URL(database.ownerUrl).pathname.slice(1))
  expect(databases).toContain('remit_provisioning')
  expect(databases).not.toContain('postgres')
  const file = join(folder.path, 'external.tar.gz')
  await writeFile(join(database.home.keys, 'heads.pub'), 'key')
  await backUp(database.home, { databases }, { file, now: new Date(), signal })
  const path = join(folder.path, 'external')
  expect(await restore(file, path, { ...kept, postgres: 'external', signal })).toMatchObject({
    postgres: { kind: 'external', databases },
  })
  expect(await readFile(join(path, 'keys', 'heads.pub'), 'utf8')).toBe('key')
  await rename(path, join(folder.path, 'gone'))
  await database.drop()
})

async function opened(home: Home, work: (record: OpenRecord) => Promise<void>): Promise<void> {
  const membership = await joinHome(home)
  try {
    const record = await openRecord({ home, membership })
    await work(record).finally(() => record.close())
  } finally {
    await membership.leave()
  }
}
