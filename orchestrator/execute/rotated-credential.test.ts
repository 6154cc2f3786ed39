import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import type { JsonObject } from '../../shared/json.ts'
import { catalogueOf } from '../model/catalogue.ts'
import { createSealer, sealKeyBytes } from '../model/seal.ts'
import { openEraVerdicts } from './era-verdicts.ts'
import { workshop } from './fixtures/workshop-tools.ts'
import { type Gateway, openGateway } from './gateway.ts'
import { describeLaunch } from './launch.ts'

// A credential that the server itself holds (delivery `env`), and that was changed where it comes from.

const root = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'remit-rotated-'))
const sealer = createSealer('run-1', new Uint8Array(sealKeyBytes))
let gateway: Gateway
let source = ''

afterEach(() => gateway.close())
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function open(delivery: 'env' | undefined): void {
  const server = workshop('workshop', ['node', join(import.meta.dirname, 'fixtures/workshop-server.ts')])
  const credentials = delivery && { API_KEY: { description: 'The key.', optional: false, delivery } }
  gateway = openGateway({
    catalogue: catalogueOf({ version: 1, servers: [{ ...server, ...(credentials && { credentials }) }] }),
    launch: (launched) =>
      describeLaunch(launched, { values: { API_KEY: source }, secrets: [] }, { root, dataFolder: folder }),
    sealers: () => sealer,
    verdicts: openEraVerdicts(join(folder, 'eras.json'), () => new Date()),
    now: () => new Date(),
    log: { warn: () => {} },
  })
}

async function call(tool: string, args: JsonObject = {}) {
  const request = {
    run_id: 'run-1',
    call_id: 'call-1',
    server: 'workshop',
    tool,
    arguments: args,
    idempotency_key: 'key-1',
    deadline: new Date(Date.now() + 20_000).toISOString(),
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  }
  const { outcome } = await gateway.call(request, { signal: new AbortController().signal })
  return outcome
}

const heldKey = async () => {
  const outcome = await call('show_environment')
  return outcome.status === 'succeeded' ? (outcome.output as JsonObject).API_KEY : outcome
}

test('a server whose vendor refused its key starts again with the one that is there now, once for all calls', async () => {
  source = 'old'
  open('env')
  expect(await heldKey()).toBe('old')
  const [before] = gateway.pids()
  source = 'new'
  expect(await heldKey()).toBe('old')
  const refused = Array.from({ length: 3 }, () => call('report_failure', { kind: 'unauthorized' }))
  for (const outcome of await Promise.all(refused))
    expect(outcome).toMatchObject({ status: 'failed', failure: { kind: 'unauthorized' } })
  expect(await heldKey()).toBe('new')
  expect(gateway.pids()).toHaveLength(1)
  expect(gateway.pids()).not.toContain(before)
})

test('another failure is no reason to, nor is any where the server holds no key', async () => {
  source = 'old'
  open('env')
  const pids = async () => [await heldKey(), gateway.pids()]
  const before = await pids()
  await call('report_failure', { kind: 'conflict' })
  expect(await pids()).toEqual(before)
  await gateway.close()
  open(undefined)
  const other = await pids()
  await call('report_failure', { kind: 'unauthorized' })
  expect(await pids()).toEqual(other)
})
