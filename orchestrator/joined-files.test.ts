import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { serverManifestSchema } from '../shared/manifest.ts'
import { temporaryFolder } from '../test/support/temporary-folder.ts'
import { type Config, readConfig } from './config.ts'
import { dropJoined, keepJoined, readJoined, readLock } from './joined-files.ts'
import type { JoinedServer } from './model/joined-server.ts'

const lock = { lockfileVersion: 3 as const, packages: {} }
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let config: Config
let recorded: string[]

beforeEach(async () => {
  folder = await temporaryFolder('remit-joined-')
  mkdirSync(join(folder.path, 'home'))
  config = readConfig({ REMIT_CONFIG: join(folder.path, 'remit.config.yaml'), REMIT_HOME: join(folder.path, 'home') })
  recorded = []
})
afterEach(() => folder.remove())

function server(name: string, version = '1'): JoinedServer {
  const described = { name, title: '', version, description: '', command: ['x'], tools: [] }
  return {
    origin: { from: 'command' },
    credentials: {},
    manifest: serverManifestSchema.parse(described),
    accepted: { by: 'local:ada', at: '2026-01-01T00:00:00.000Z' },
  }
}

const keep = (added: JoinedServer, before?: JoinedServer) =>
  keepJoined(config, added.manifest.name, { server: added, lock, before }, async () => {
    recorded.push(added.manifest.version)
  })

test('servers that are added at the same time all join, with their lockfiles', async () => {
  const names = ['a', 'b', 'c', 'd', 'e']
  await Promise.all(names.map((name) => keep(server(name))))
  expect(Object.keys(readJoined(config)).sort()).toEqual(names)
  expect(names.map((name) => readLock(config, name))).toEqual(names.map(() => lock))
  const dropped: string[] = []
  const drop = (name: string) => dropJoined(config, name, async () => void dropped.push(name))
  expect(await Promise.all(['a', 'c', 'a', 'nobody'].map(drop))).toEqual([true, true, false, false])
  expect(dropped.sort()).toEqual(['a', 'c'])
  expect(Object.keys(readJoined(config)).sort()).toEqual(['b', 'd', 'e'])
  expect(readLock(config, 'a')).toBeUndefined()
})

test('of two that take the same place at the same time one joins, and the other is told and not recorded', async () => {
  const ends = await Promise.allSettled([keep(server('files', '1')), keep(server('files', '2'))])
  expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  const refused = ends.find((end) => end.status === 'rejected')
  expect(String(refused?.reason)).toContain('/servers/files changed while files was proposed')
  expect(recorded).toEqual([readJoined(config).files?.manifest.version])
})

test('takes the place of the one that it was shown to replace', async () => {
  await keep(server('files', '1'))
  await keep(server('files', '2'), readJoined(config).files)
  await expect(keep(server('files', '3'), server('files', '1'))).rejects.toThrow('add it again')
  expect(readJoined(config).files?.manifest.version).toBe('2')
})

test('is not there where it could not be recorded', async () => {
  const away = keepJoined(config, 'files', { server: server('files'), lock, before: undefined }, async () => {
    throw new Error('the record is away')
  })
  await expect(away).rejects.toThrow('the record is away')
  expect(readJoined(config)).toEqual({})
})
