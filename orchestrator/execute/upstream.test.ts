import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { createSealer, sealKeyBytes } from '../model/seal.ts'
import type { Broker } from './egress/broker.ts'
import { openEraVerdicts } from './era-verdicts.ts'
import { workshop } from './fixtures/workshop-tools.ts'
import { describeLaunch } from './launch.ts'
import { defaultLimits } from './limits.ts'
import { openUpstream, type Upstream } from './upstream.ts'

const root = join(import.meta.dirname, '../..')
const works = ['node', join(import.meta.dirname, 'fixtures', 'workshop-server.ts')]
const folders: { remove(): Promise<void> }[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await folder.remove()
})

/** A server whose broker closes as `close` says. */
async function open(close: () => Promise<void>, command = works): Promise<{ upstream: Upstream; warnings: object[] }> {
  const folder = await temporaryFolder('remit-upstream-')
  folders.push(folder)
  const broker: Broker = {
    doors: [],
    env: {},
    secrets: () => [],
    callStarted: () => undefined,
    callEnded: () => [],
    credentialsRefused: () => undefined,
    denied: () => 3,
    close,
  }
  const warnings: object[] = []
  const now = () => new Date()
  const upstream = openUpstream(workshop('workshop', command), {
    launch: (server) => ({
      ...describeLaunch(server, { values: { API_KEY: 'k' }, secrets: [] }, { root, dataFolder: folder.path }),
      broker,
    }),
    sealers: () => createSealer('run-1', new Uint8Array(sealKeyBytes)),
    verdicts: openEraVerdicts(join(folder.path, 'eras.json'), now),
    limits: defaultLimits,
    now,
    random: Math.random,
    log: { warn: (details) => void warnings.push(details) },
  })
  return { upstream, warnings }
}

test('is closed only when the broker of its process is closed, too', async () => {
  let closed = false
  const { upstream } = await open(async () => {
    await new Promise((resolve) => setTimeout(resolve, 50))
    closed = true
  })
  await upstream.start()
  expect(closed).toBe(false)
  await upstream.close()
  expect(closed).toBe(true)
})

test('tells of what a broker cannot remove, and ends nobody by it', async () => {
  const { upstream, warnings } = await open(() => Promise.reject(new Error('EBUSY: the folder')))
  await upstream.start()
  await upstream.close()
  expect(warnings).toEqual([{ server: 'workshop', reason: 'EBUSY: the folder' }])
})

test('counts what was refused to a process that never became ready, and closes its broker', async () => {
  let closed = 0
  const { upstream } = await open(async () => void closed++, ['node', '--eval', ''])
  await expect(upstream.start()).rejects.toThrow()
  expect(upstream.status().denied_egress).toBe(3)
  expect(closed).toBe(1)
  await upstream.close()
})
