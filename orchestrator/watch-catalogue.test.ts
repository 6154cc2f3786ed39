import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { serverManifestSchema } from '../shared/manifest.ts'
import { temporaryFolder } from '../test/support/temporary-folder.ts'
import { type Config, readConfig } from './config.ts'
import { keepJoined } from './joined-files.ts'
import { loadCatalogue } from './load-catalogue.ts'
import type { Catalogue } from './model/catalogue.ts'
import type { JoinedServer } from './model/joined-server.ts'
import { proposeTool } from './model/propose-tool.ts'
import { watchCatalogue } from './watch-catalogue.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let config: Config
let adopted: Catalogue[]
let configs: Config[]
let troubles: unknown[]
let watching: ReturnType<typeof watchCatalogue>

beforeEach(async () => {
  folder = await temporaryFolder('remit-watch-')
  mkdirSync(join(folder.path, 'home'))
  config = readConfig({ REMIT_CONFIG: join(folder.path, 'remit.config.yaml'), REMIT_HOME: join(folder.path, 'home') })
  follow()
})

function follow(used = loadCatalogue(config)): void {
  adopted = []
  configs = []
  troubles = []
  watching = watchCatalogue(
    { catalogue: used, config },
    {
      async adopt(next) {
        adopted.push(next.catalogue)
        configs.push(next.config)
      },
      onTrouble: (error) => troubles.push(error),
    },
  )
}
afterEach(async () => {
  await watching.close()
  await folder.remove()
})

function stranger(overlay: object = {}, name = 'strange'): JoinedServer {
  const tool = proposeTool({ name: 'go', inputSchema: { type: 'object' } }, 'go')
  return {
    origin: { from: 'command' },
    credentials: {},
    manifest: serverManifestSchema.parse({
      name,
      title: 'Strange',
      version: '1',
      description: '',
      command: ['x'],
      tools: [tool],
    }),
    overlay: { tools: { go: overlay } },
    accepted: { by: 'local:ada', at: '2026-01-01T00:00:00.000Z' },
  }
}
const write = (servers: object) => writeFileSync(config.serversFile, JSON.stringify({ version: 1, servers }))
const effects = () => adopted.map(({ tools }) => tools.get('strange.go')?.effect)

test('takes up what joins, what changes and what leaves, each once', async () => {
  await keepJoined(config, 'strange', { server: stranger(), lock: undefined, before: undefined }, async () => undefined)
  await expect.poll(effects).toEqual(['delete'])
  write({ strange: stranger({ effect: 'update' }) })
  await expect.poll(effects).toEqual(['delete', 'update'])
  rmSync(config.serversFile)
  await expect.poll(effects).toEqual(['delete', 'update', undefined])
  expect(troubles).toEqual([])
})

test('takes up what changed between reading the files and following them', async () => {
  await watching.close()
  const read = loadCatalogue(config)
  write({ strange: stranger() })
  follow(read)
  await expect.poll(effects).toEqual(['delete'])
  expect(troubles).toEqual([])
})

test('takes up nothing where what the files say is used already, however they say it', async () => {
  write({ strange: stranger() })
  await expect.poll(effects).toEqual(['delete'])
  writeFileSync(config.serversFile, JSON.stringify({ version: 1, servers: { strange: stranger() } }, undefined, 2))
  writeFileSync(config.file, '# nothing\n')
  await new Promise((resolve) => setTimeout(resolve, 400))
  write({ strange: stranger({ effect: 'update' }) })
  await expect.poll(effects).toEqual(['delete', 'update'])
})

test('what is not right is told, by its path, and changes nothing', async () => {
  writeFileSync(config.serversFile, '{')
  await expect.poll(() => troubles.length).toBe(1)
  write({ strange: stranger({ lookup: { tool: 'gone', arguments: {} } }) })
  await expect
    .poll(() => String(troubles[1]))
    .toContain('/servers/strange/overlay/tools/go/lookup/tool strange has no tool gone')
  expect(adopted).toEqual([])
  write({ strange: stranger() })
  await expect.poll(effects).toEqual(['delete'])
})

test('follows the servers of a project of its own, and what its configuration gives them', async () => {
  await watching.close()
  const at = (name: string) => join(folder.path, name)
  const manifest = (...versions: string[]) => {
    const servers = versions.map((version) => ({ ...stranger().manifest, version }))
    writeFileSync(at('servers/manifest.json'), JSON.stringify({ version: 1, servers }))
  }
  mkdirSync(at('servers'))
  manifest()
  config = readConfig({ REMIT_PROJECT: folder.path, REMIT_HOME: at('home') })
  follow()
  const versions = () => adopted.map(({ servers }) => servers.get('strange')?.version)
  manifest('1')
  await expect.poll(versions).toEqual(['1'])
  writeFileSync(at('remit.config.yaml'), 'mode: live\nservers: { strange: { database: schema } }')
  await expect.poll(versions).toEqual(['1', '1'])
  expect(configs[1]).toMatchObject({ mode: 'emulated', servers: { strange: { database: 'schema' } } })
  manifest('2')
  await expect.poll(versions).toEqual(['1', '1', '2'])
  manifest()
  await expect.poll(() => String(troubles[0])).toContain('/servers/strange names no server of the manifest')
  rmSync(at('remit.config.yaml'))
  await expect.poll(versions).toEqual(['1', '1', '2', undefined])
  expect(troubles).toHaveLength(1)
})

test.each<[string, object, string]>([
  [
    'CEL that does not parse',
    { strange: stranger({ expect: 'output.' }) },
    '/servers/strange/overlay/tools/go/expect is not CEL',
  ],
  [
    'a name of our own servers',
    { billing: stranger({}, 'billing') },
    '/servers/billing has the name of a server of the project',
  ],
  ['a name beside its own', { strange: stranger({}, 'other') }, '/servers/strange/manifest/name must be strange'],
  [
    'a value in the place of a reference',
    { strange: { ...stranger(), credentials: { KEY: 's3cret' } } },
    '/servers/strange/credentials/KEY',
  ],
])('%s is refused when it is read', (_, servers, why) => {
  write(servers)
  expect(() => loadCatalogue(config)).toThrow(why)
})
