import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres.ts'
import { newRunId } from '../../test/support/record-fixtures.ts'
import { joinHome, type Membership } from '../home/shared-process.ts'
import type { EgressRecord } from '../model/egress.ts'
import { type Draft, draft } from '../model/event.ts'
import { deniedEgress } from './denied-egress.ts'
import { type Journal, openJournal } from './journal.ts'

const day = 86_400_000
const now = new Date('2026-05-08T12:00:00Z')
const before = (days: number) => new Date(now.getTime() - days * day)

let database: TestDatabase
let membership: Membership
beforeAll(async () => {
  database = await createTestDatabase()
  membership = await joinHome(database.home)
})
afterAll(async () => {
  await membership.leave()
  await database.drop()
})

const sent: EgressRecord = {
  protocol: 'tcp',
  host: 'api.example:443',
  bytes_out: 1,
  bytes_in: 1,
  ms: 1,
  attribution: 'exact',
}
const refused: EgressRecord = { ...sent, denied: 'the host is not listed' }

/** A call that settled with what it did on the network: as much of its two events as is read. */
function call(call_id: string, server: string, egress: EgressRecord[]): Draft[] {
  return [
    { type: 'call_intended', data: { call_id, server } } as unknown as Draft,
    { type: 'call_settled', data: { call_id, egress } } as unknown as Draft,
  ]
}

const stray = (server: string) =>
  draft('system_noted', { what: 'egress_denied', details: { server, ...refused, protocol: 'tcp' } })

async function at(instant: Date, work: (journal: Journal) => Promise<unknown>): Promise<void> {
  const journal = openJournal({ url: database.journalUrl, now: () => instant })
  await work(journal)
  await journal.close()
}

const run = (tenant: string, events: Draft[]) => (journal: Journal) =>
  journal.create({ run_id: newRunId(), tenant, principal: 'ann', goal: 'g', mode: 'live' }, events)

test('counts what each server was refused, in runs of all tenants and outside of them, and no more', async () => {
  const external = { home: database.home, membership, databaseUrl: database.ownerUrl }
  expect(await deniedEgress(external, before(7))).toEqual([])
  await at(before(8), run('acme', call('old', 'billing', [refused])))
  await at(before(8), (journal) => journal.note([stray('billing')]))
  await at(before(1), run('acme', call('call-1', 'slack', [sent, refused, { ...refused, times: 40 }])))
  await at(before(1), run('rival', call('call-1', 'billing', [refused])))
  await at(before(1), (journal) => journal.note([stray('slack'), draft('system_noted', { what: 'x', details: {} })]))
  expect(await deniedEgress(external, before(7))).toEqual([
    { server: 'slack', times: 42 },
    { server: 'billing', times: 1 },
  ])
})

test('does not know where the record does not run, and starts none', async () => {
  expect(await deniedEgress({ home: database.home, membership }, before(7))).toBeUndefined()
  expect((await membership.status()).services).toEqual([])
})

test('rejects where Postgres does not answer', async () => {
  const elsewhere = new URL(database.ownerUrl)
  elsewhere.port = '1'
  const gone = { home: database.home, membership, databaseUrl: elsewhere.href }
  await expect(deniedEgress(gone, before(7))).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})
