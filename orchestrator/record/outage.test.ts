import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { withClient } from '../../shared/postgres/connect.ts'
import { removePlacedData } from '../../test/support/placed-data.ts'
import { createTestDatabase } from '../../test/support/postgres.ts'
import { begun, newRunId, noted } from '../../test/support/record-fixtures.ts'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { type Home, openHome } from '../home/home.ts'
import { joinHome, type Membership } from '../home/shared-process.ts'
import type { Journal } from './journal.ts'
import { type OpenRecord, openRecord } from './open-record.ts'

const owner = { tenant: 'acme', principal: 'ann', goal: 'onboard', mode: 'emulated' as const }
const patienceMs = 60_000
const runs = 8

describe('an embedded Postgres that dies under load', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let home: Home
  let membership: Membership
  let record: OpenRecord
  beforeEach(async () => {
    folder = await temporaryFolder()
    home = openHome(join(folder.path, 'home'))
    membership = await joinHome(home)
    record = await openRecord({ home, membership, patienceMs })
  })
  afterEach(async () => {
    await record.close()
    await membership.leave()
    await removePlacedData(home)
    await folder.remove()
  })

  it('is started again by who uses it, and no append is lost or stored twice', async () => {
    const heard: (string | undefined)[] = []
    const listening = await record.queue.listen((run_id) => heard.push(run_id))
    const load = await startLoad(record.journal)
    for (const signal of ['SIGKILL', 'SIGQUIT', 'SIGINT'] as const) {
      await load.grows()
      process.kill(await postmaster(membership), signal)
      await load.grows()
    }
    await vi.waitFor(() => expect(heard).toContain(undefined), { timeout: 60_000 })
    await load.stop()
    await expectWhole(record, load)
    expect(await record.queue.claim(runs, 'emulated')).toHaveLength(runs)
    await listening.close()
  }, 120_000)

  it('stays down when it was stopped in order, and what waited is refused once the patience ends', async () => {
    await record.close()
    record = await openRecord({ home, membership, patienceMs: 300 })
    const run_id = newRunId()
    await record.journal.create({ run_id, ...owner }, [begun('emulated')])
    await membership.stop('postgres')
    await expect(record.journal.append(run_id, [noted('two')])).rejects.toThrow('not available')
    await sleep(100)
    expect((await membership.status()).services).toEqual([])
  })
})

it('an outage of connections under load loses no append and stores none twice', async () => {
  const database = await createTestDatabase()
  const membership = await joinHome(database.home)
  const record = await openRecord({ home: database.home, membership, databaseUrl: database.ownerUrl, patienceMs })
  const load = await startLoad(record.journal)
  for (let cut = 1; cut <= 10; cut += 1) {
    await load.grows()
    await withClient(
      database.url,
      'test',
      (sql) => sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    )
  }
  await load.stop()
  await expectWhole(record, load)
  await record.close()
  await membership.leave()
  await database.drop()
})

interface Load {
  /** What was acknowledged, by run. */
  stored: Map<string, string[]>
  /** Resolves when every run has got further. */
  grows(): Promise<void>
  stop(): Promise<void>
}

/** Appends to several runs at once, each as fast as it is answered. */
async function startLoad(journal: Journal): Promise<Load> {
  const stored = new Map<string, string[]>()
  let going = true
  const runIds = Array.from({ length: runs }, newRunId)
  const writers = runIds.map(async (run_id) => {
    const whats: string[] = []
    stored.set(run_id, whats)
    await journal.create({ run_id, ...owner }, [begun('emulated'), noted('0')])
    whats.push('0')
    while (going) {
      const what = String(whats.length)
      await journal.append(run_id, [noted(what)])
      whats.push(what)
    }
  })
  const failed = Promise.all(writers).then(() => {})
  failed.catch(() => {})
  return {
    stored,
    async grows() {
      const before = runIds.map((run_id) => stored.get(run_id)?.length ?? 0)
      const growing = vi.waitFor(
        () => {
          for (const [index, run_id] of runIds.entries())
            expect(stored.get(run_id)?.length).toBeGreaterThan((before[index] ?? 0) + 1)
        },
        { timeout: 60_000, interval: 5 },
      )
      await Promise.race([growing, failed])
    },
    async stop() {
      going = false
      await failed
    },
  }
}

async function expectWhole({ journal, verifier }: OpenRecord, { stored }: Load): Promise<void> {
  for (const [run_id, whats] of stored) {
    const [, ...events] = await journal.read(run_id)
    expect(events.map(({ data }) => (data as { what: string }).what)).toEqual(whats)
  }
  expect((await verifier.verifyAll()).problems).toEqual([])
}

async function postmaster(membership: Membership): Promise<number> {
  const { services } = await membership.status()
  const postgres = services.find(({ name }) => name === 'postgres')
  if (!postgres) throw new Error('no Postgres runs for this home')
  return postgres.pid
}
