import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { temporaryFolder } from '../test/support/temporary-folder.ts'
import { foldersAmong, grantsOf } from './jail-grants.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let place: { home: string; configHome: string; file: string; root: string; invocationFolder: string }
beforeAll(async () => {
  folder = await temporaryFolder('remit-grants-')
  const at = (...names: string[]) => join(folder.path, ...names)
  for (const name of ['data', 'shelf/books', 'project/.remit/servers', 'user']) mkdirSync(at(name), { recursive: true })
  writeFileSync(at('data', 'a.txt'), '')
  place = {
    home: at('project/.remit'),
    configHome: at('user'),
    file: at('project/remit.config.yaml'),
    root: at('project'),
    invocationFolder: folder.path,
  }
})
afterAll(() => folder.remove())

const grants = (wish: { read?: string[]; write?: string[]; given?: object }, folders: string[] = []) =>
  grantsOf(place, { read: [], write: [], ...wish, given: { ...wish.given } }, folders)

test('folders among the arguments are made absolute and granted; words and files stay as they are', () => {
  const data = join(folder.path, 'data')
  expect(foldersAmong(['./data', '--root', 'data', 'data/a.txt', data], folder.path)).toEqual({
    args: [data, '--root', 'data', 'data/a.txt', data],
    granted: [data, data],
  })
})

test('a folder is written where it is named as an argument, unless it is only to be read', () => {
  const [data, books] = ['data', 'shelf/books'].map((name) => join(folder.path, name))
  expect(grants({ read: ['shelf'] }, [data ?? '', books ?? ''])).toMatchObject({
    read: [join(folder.path, 'shelf')],
    write: [data],
  })
  expect(grants({ given: { jail: { memory_mb: 1_024, read: ['/opt/x'] } }, write: ['data'] })).toMatchObject({
    memory_mb: 1_024,
    read: ['/opt/x'],
    write: [data],
  })
})

test.each([
  [['project/.remit/servers'], 'lies in REMIT_HOME'],
  [['project/.remit'], 'which no server may reach'],
  [['project'], 'which no server may reach'],
  [['/'], 'which no server may reach'],
  [['user'], 'which no server may reach'],
  [['nowhere'], 'There is no'],
])('%j is not granted: %s', (paths, why) => {
  expect(() => grants({ read: paths })).toThrow(why)
  expect(() => grants({ write: paths })).toThrow(why)
})
