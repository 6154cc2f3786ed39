import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pino from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { manifestOf } from '../shared/capability/manifest-of.ts'
import type { ServerManifest } from '../shared/manifest.ts'
import { server as prober } from '../test/attacks/fixtures/prober.ts'
import { noEmulator } from '../test/support/no-emulator.ts'
import { temporaryFolder } from '../test/support/temporary-folder.ts'
import { readConfig } from './config.ts'
import { MemoryLogins } from './execute/fixtures/oauth/memory-logins.ts'
import type { Gateway } from './execute/gateway.ts'
import { openHome } from './home/home.ts'
import { joinHome, type Membership } from './home/shared-process.ts'
import { catalogueOf } from './model/catalogue.ts'
import { createSealer, sealKeyBytes } from './model/seal.ts'
import { RecordUnavailableError } from './record/record-errors.ts'
import { type ServersRecord, startServers } from './start-servers.ts'

const patienceMs = 60_000
const away = new RecordUnavailableError(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }))
const configuration = `
mode: live
sandbox: { driver: node-permission }
servers:
  prober:
    database: schema
    endpoints: { PROBER_API: { value: "http://127.0.0.1:9/" } }
    credentials: { PROBER_KEY: { env: KEY }, PROBER_TOKEN: { env: KEY } }
`

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let membership: Membership
let gateway: Gateway | undefined
beforeEach(async () => {
  folder = await temporaryFolder('remit-start-servers-')
})
afterEach(async () => {
  await gateway?.close()
  await membership.leave()
  await folder.remove()
})

/** A server with a database of its own, on this record. */
async function start(record: Pick<ServersRecord, 'serverDatabase' | 'journal'>): Promise<Gateway> {
  const file = join(folder.path, 'remit.config.yaml')
  await writeFile(file, configuration)
  const config = readConfig({ ...process.env, REMIT_CONFIG: file, REMIT_HOME: join(folder.path, 'home'), KEY: 'a-key' })
  const home = openHome(config.home)
  membership = await joinHome(home)
  const { credentials, ...reviewed } = manifestOf(prober)
  const server: ServerManifest = {
    ...reviewed,
    command: ['node', 'test/attacks/fixtures/prober-main.ts'],
    credentials: { ...credentials, DATABASE_URL: { description: '', optional: false, delivery: 'env' } },
  }
  const whole: ServersRecord = {
    ...record,
    ownerOf: async () => config.owner,
    serverLogins: () => Object.assign(new MemoryLogins(), { list: async () => [] }),
    keyring: { sealer: (run) => createSealer(run, new Uint8Array(sealKeyBytes)) },
  }
  const place = { home, emulators: { of: noEmulator }, record: whole, log: pino({ enabled: false }) }
  gateway = await startServers(config, catalogueOf({ version: 1, servers: [server] }), place, {}, { servers: true })
  return gateway
}

const whyNot = (open: Gateway) => open.status()[0]?.last_error?.message

test(
  'while the record is away a server says that it waits for it, and starts once the record is back',
  async () => {
    const record = { database: false, journal: false }
    const open = await start({
      async serverDatabase() {
        if (!record.database) throw away
        return 'postgres://remit_prober:pass@127.0.0.1:9/remit'
      },
      journal: {
        async note() {
          if (!record.journal) throw away
        },
      },
    })
    const waits =
      'prober was not started: the record is away, and nothing runs that cannot be recorded; it is started once the record is back'
    expect(whyNot(open)).toBe(waits)
    record.database = true
    const before = open.status()[0]?.ends ?? 0
    // Now its jail is there, and what that proved has to be noted.
    await vi.waitFor(() => expect(open.status()[0]?.ends).toBeGreaterThan(before), patienceMs)
    expect(whyNot(open)).toBe(waits)
    record.journal = true
    await vi.waitFor(async () => expect((await open.list('prober')).others).toEqual([]), patienceMs)
    expect(open.status()[0]?.state).toBe('up')
  },
  patienceMs,
)

test(
  'what else is amiss with the record is not taken for an outage',
  async () => {
    const open = await start({
      async serverDatabase() {
        throw new TypeError('a defect, with details that are nobody’s business')
      },
      journal: { note: async () => undefined },
    })
    expect(whyNot(open)).toBe('prober could not be made ready to start (the log says why)')
  },
  patienceMs,
)
