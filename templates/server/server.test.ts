import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { RunningEmulator } from '../../shared/capability/emulator.ts'
import { startServerForTest, type TestServer, type ToolOutcome } from '../../shared/capability/testing.ts'
import { startEmulator } from './emulator/start.ts'
import { server } from './server.ts'

let folder: string
let emulator: RunningEmulator
let started: TestServer

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'remit-warehouse-'))
  emulator = await startEmulator(folder)
  started = await start()
})

afterEach(async () => {
  await started.close()
  await emulator.close()
  await rm(folder, { recursive: true, force: true })
})

function start(environment: Record<string, string> = {}): Promise<TestServer> {
  return startServerForTest(server, {
    environment: { ...emulator.endpoints, ...emulator.credentials, ...environment },
  })
}

function arm(mode: string) {
  return fetch(`${emulator.control}/faults`, { method: 'POST', body: JSON.stringify({ mode }) })
}

async function parcels() {
  const state = (await (await fetch(`${emulator.control}/state`)).json()) as { parcels: { name: string }[] }
  return state.parcels.map(({ name }) => name)
}

function outputOf(outcome: ToolOutcome) {
  if (outcome.status !== 'succeeded') throw new Error(JSON.stringify(outcome))
  return outcome.output
}

const ofThisRun = { name: 'Ada', this_run: true }

describe('create_parcel', () => {
  test('creates one, which find_parcel finds', async () => {
    const created = outputOf(await started.call('create_parcel', { name: ' Ada ', note: 'the first' }))
    expect(created).toEqual({ parcel_id: expect.stringMatching(/^parcel_/), name: 'Ada' })
    expect(outputOf(await started.call('find_parcel', { name: 'Ada' }))).toEqual(created)
  })

  test('creates one for a key, however often it is called', async () => {
    const call = () => started.call('create_parcel', { name: 'Ada' }, { idempotencyKey: 'k1' })
    expect(outputOf(await call())).toEqual(outputOf(await call()))
    expect(await parcels()).toEqual(['Ada'])
  })

  test('says that it does not know, where the reply is lost; the lookup does', async () => {
    await arm('lost')
    const outcome = await started.call('create_parcel', { name: 'Ada' }, { idempotencyKey: 'k1' })
    expect(outcome).toMatchObject({ status: 'uncertain' })
    const found = await started.call('find_parcel', ofThisRun, { idempotencyKey: 'k2' })
    expect(found).toMatchObject({ status: 'succeeded' })
  })

  test('refuses a parcel without a name', async () => {
    const outcome = await started.call('create_parcel', { name: ' ' })
    expect(outcome).toMatchObject({ failure: { kind: 'invalid_input', issues: [{ path: '/name' }] } })
  })
})

describe('find_parcel', () => {
  test('finds none that another run has created', async () => {
    await started.call('create_parcel', { name: 'Ada' })
    const outcome = await started.call('find_parcel', ofThisRun, { idempotencyKey: 'k1' })
    expect(outcome).toMatchObject({ failure: { kind: 'not_found' } })
  })
})

describe('delete_parcel', () => {
  test('deletes one, once', async () => {
    const { parcel_id = '' } = outputOf(await started.call('create_parcel', { name: 'Ada' }))
    const remove = async () => outputOf(await started.call('delete_parcel', { parcel_id }))
    expect(await remove()).toEqual({ deleted: true })
    expect(await parcels()).toEqual([])
    expect(await remove()).toEqual({ deleted: false })
  })
})

describe('on a bad day', () => {
  test.each([
    ['down', 'uncertain', { kind: 'unavailable' }],
    ['limited', 'failed', { kind: 'rate_limited', retry_after_ms: 1_000 }],
    ['revoked', 'failed', { kind: 'unauthorized' }],
  ])('%s: a change is %s', async (mode, status, failure) => {
    await arm(mode)
    expect(await started.call('create_parcel', { name: 'Ada' })).toMatchObject({ status, failure })
    expect(await parcels()).toEqual([])
  })

  test('a vendor that is not there was asked nothing', async () => {
    const gone = await startEmulator(await mkdtemp(join(folder, 'gone-')))
    await gone.close()
    await started.close()
    started = await start(gone.endpoints)
    const outcome = await started.call('create_parcel', { name: 'Ada' })
    expect(outcome).toMatchObject({ status: 'failed', failure: { kind: 'unavailable' } })
  })
})
