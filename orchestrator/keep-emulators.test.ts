import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ServerManifest } from '../shared/manifest.ts'
import { temporaryFolder } from '../test/support/temporary-folder.ts'
import { type Config, readConfig } from './config.ts'
import { workshop } from './execute/fixtures/workshop-tools.ts'
import { openHome } from './home/home.ts'
import { joinHome, type Membership } from './home/shared-process.ts'
import { type KeptEmulators, keepEmulators } from './keep-emulators.ts'
import { type Catalogue, catalogueOf } from './model/catalogue.ts'
import { liveCatalogue } from './model/live-catalogue.ts'

const command = ['node', join(import.meta.dirname, 'execute/fixtures/workshop-emulator.ts')]
const server: ServerManifest = {
  ...workshop('workshop', ['node', 'main.ts']),
  emulator: { vendor: 'Workshop', command },
  endpoints: { WORKSHOP_URL: { description: '', protocol: 'http' } },
}
const [none, one] = [[], [server]].map((servers) => catalogueOf({ version: 1, servers })) as [Catalogue, Catalogue]

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let config: Config
let membership: Membership
let emulators: KeptEmulators

beforeEach(async () => {
  folder = await temporaryFolder('remit-keep-emulators-')
  config = readConfig({ REMIT_HOME: folder.path })
  membership = await joinHome(openHome(config.home))
  emulators = await keepEmulators(config, none, { home: openHome(config.home), membership }, {}, {})
})
afterEach(async () => {
  await emulators.close()
  await membership.leave()
  await folder.remove()
})

const running = async () => (await membership.status()).services.map(({ name, pid }) => [name, pid])

test('one that nobody stands on any more ends once nothing is left of its server, and is not brought back', async () => {
  const { control } = await emulators.of(server)
  const gone = Promise.withResolvers<void>()
  const left = emulators.letGo(none, () => gone.promise)
  expect((await fetch(`${control}/state`)).ok).toBe(true)
  gone.resolve()
  await left
  await expect(fetch(`${control}/state`)).rejects.toThrow()
  expect(await running()).toEqual([])
  await emulators.letGo(none, () => Promise.reject(new Error('nothing is left to wait for')))
})

test('one whose server is back by then stays as it was', async () => {
  await emulators.of(server)
  const before = await running()
  const catalogue = liveCatalogue(none)
  await emulators.letGo(catalogue, async () => catalogue.adopt(one))
  expect(await running()).toEqual(before)
})

test('one that came up only after it was let go of is let go of all the same', async () => {
  const coming = emulators.of(server)
  await emulators.letGo(none, async () => undefined)
  await coming
  expect(await running()).toEqual([])
})

test('one is let go of when its server runs elsewhere from now on, and by others only later', async () => {
  await emulators.of(server)
  const other = await joinHome(openHome(config.home))
  const theirs = await keepEmulators(config, one, { home: openHome(config.home), membership: other }, {}, {})
  config.servers.workshop = { endpoints: {}, credentials: {}, settings: {}, url: ['http://127.0.0.1:9/mcp'] }
  await emulators.letGo(one, async () => undefined)
  expect(await running()).toHaveLength(1)
  await theirs.letGo(one, async () => undefined)
  expect(await running()).toEqual([])
  await theirs.close()
  await other.leave()
})
