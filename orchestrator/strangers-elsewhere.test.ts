/** A stranger's server at a URL: what lets Remit in there, by what was said when it was added and by the configuration. */

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pino from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { serverManifestSchema } from '../shared/manifest.ts'
import { noEmulator } from '../test/support/no-emulator.ts'
import { temporaryFolder } from '../test/support/temporary-folder.ts'
import { readConfig } from './config.ts'
import { MemoryLogins } from './execute/fixtures/oauth/memory-logins.ts'
import { type StrangerOverHttp, serveStranger } from './execute/fixtures/stranger-http.ts'
import type { Gateway } from './execute/gateway.ts'
import { goingLive } from './go-live.ts'
import { openHome } from './home/home.ts'
import { joinHome, type Membership } from './home/shared-process.ts'
import { catalogueOf } from './model/catalogue.ts'
import { createSealer, sealKeyBytes } from './model/seal.ts'
import { type ServersRecord, startServers } from './start-servers.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

/** Where it is by what was said when it was added, and by the configuration. */
let added: StrangerOverHttp
let configured: StrangerOverHttp
let folder: Awaited<ReturnType<typeof temporaryFolder>>
const closers: (() => unknown)[] = []

beforeEach(async () => {
  folder = await temporaryFolder('remit-strangers-elsewhere-')
  closers.push(() => folder.remove())
  added = await serveStranger()
  configured = await serveStranger()
  closers.push(() => Promise.all([added, configured].map((each) => each[Symbol.asyncDispose]())))
})
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const stranger = (url: string) =>
  catalogueOf({
    version: 1,
    servers: [
      serverManifestSchema.parse({
        name: 'tickets',
        title: 'Tickets',
        version: '1',
        description: '',
        remote: { url, auth: { bearer: 'TICKETS_TOKEN' } },
        credentials: { TICKETS_TOKEN: { description: 'Ours.' } },
        tools: [],
      }),
    ],
  })

async function configure(said: string, { mode = 'live', variable = 'TOKEN' } = {}) {
  const file = join(folder.path, 'remit.config.yaml')
  const servers = `servers:\n  tickets:\n    credentials: { TICKETS_TOKEN: { env: ${variable} } }\n${said}`
  await writeFile(file, `mode: ${mode}\nsandbox: { driver: node-permission }\n${servers}`)
  return readConfig({ ...process.env, REMIT_CONFIG: file, REMIT_HOME: join(folder.path, 'home'), TOKEN: 'of-tickets' })
}

type Started = { url?: string; mode?: string; variable?: string }

async function start(said: string, { url = added.url, ...more }: Started = {}): Promise<Gateway> {
  const config = await configure(said, more)
  const home = openHome(config.home)
  const membership: Membership = await joinHome(home)
  closers.push(() => membership.leave())
  const logins = new MemoryLogins()
  const record: ServersRecord = {
    serverDatabase: async () => '',
    journal: { note: async () => undefined },
    ownerOf: async () => config.owner,
    serverLogins: () => Object.assign(logins, { list: async () => [] }),
    keyring: { sealer: (run) => createSealer(run, new Uint8Array(sealKeyBytes)) },
  }
  const place = { home, emulators: { of: noEmulator }, record, log: pino({ enabled: false }) }
  const gateway = await startServers(config, stranger(url), place, {}, { servers: true })
  closers.push(() => gateway.close())
  await logins.put({
    ...config.owner,
    server: 'tickets',
    login_id: '01a20a12-bbb3-751c-be16-0cd75ae70d5a',
    issuer: 'http://127.0.0.1:9',
    resource: configured.url,
    scopes: [],
    made_at: '2026-01-01T12:00:00.000Z',
    made_by: config.owner.principal,
    secrets: { access_token: 'of-ada', client: { client_id: 'remit' } },
  })
  return gateway
}

test('it gets the credential of its own, and no token of ours', async () => {
  const gateway = await start('')
  expect(await gateway.tell('tickets')).toMatchObject({ version: '1.0.0' })
  expect(new Set(added.seen)).toEqual(new Set(['Bearer of-tickets']))
})

test('it gets that at the URL of the configuration, where there is one', async () => {
  const gateway = await start(`    url: ${configured.url}\n`)
  expect(await gateway.tell('tickets')).toMatchObject({ version: '1.0.0' })
  expect(new Set(configured.seen)).toEqual(new Set(['Bearer of-tickets']))
  expect(added.seen).toEqual([])
})

test('it gets a login instead where the configuration wants OAuth, and the credential is not even read', async () => {
  const gateway = await start(`    url: ${configured.url}\n    oauth: {}\n`, { variable: 'NOT_SET' })
  expect(await gateway.tell('tickets')).toMatchObject({ version: '1.0.0' })
  expect(new Set(configured.seen)).toEqual(new Set(['Bearer of-ada']))
})

test('in emulated mode it is not asked unless it is on this machine', async () => {
  const gateway = await start('', { url: 'https://tickets.example/mcp', mode: 'emulated' })
  expect(gateway.status()[0]?.last_error?.message).toBe(
    'tickets is not on this machine, and mode is "emulated": it needs "live"',
  )
})

test('who agrees to go live sees where it is, and as whom it is asked', async () => {
  const shown = async (said: string) =>
    (await goingLive(await configure(said), stranger('https://tickets.example/mcp')))?.servers[0]
  const credential = { accounts: ['TICKETS_TOKEN from the environment variable TOKEN'] }
  expect(await shown('')).toMatchObject({ endpoints: ['https://tickets.example/mcp'], ...credential })
  const url = '    url: https://moved.example/mcp\n'
  expect(await shown(url)).toMatchObject({ endpoints: ['https://moved.example/mcp'], ...credential })
  expect(await shown(`${url}    oauth: {}\n`)).toMatchObject({
    endpoints: ['https://moved.example/mcp'],
    accounts: ["each principal's own login at whoever it names"],
  })
})
