import { appendFileSync, cpSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { type Lockfile, lockDigest, packageJsonOf, unheld } from './lockfile.ts'
import { openPackageStore, type PackageStore } from './package-store.ts'
import { programOf } from './program-of.ts'

const lockfile: Lockfile = {
  lockfileVersion: 3,
  packages: {
    '': { dependencies: { tool: '1.0.0' } },
    'node_modules/tool': { version: '1.0.0', integrity: 'sha512-x' },
  },
}
const lock = lockDigest(lockfile)
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let store: PackageStore
let installed: string

beforeEach(async () => {
  folder = await temporaryFolder('remit-packages-')
  store = openPackageStore(folder)
  const staged = await store.stage('tool')
  mkdirSync(join(staged.folder, 'node_modules', 'tool'), { recursive: true })
  writeFileSync(join(staged.folder, 'node_modules', 'tool', 'index.js'), 'run()')
  writeFileSync(join(staged.folder, 'package-lock.json'), JSON.stringify(lockfile))
  installed = await staged.keep(lockfile)
})
afterEach(() => folder.remove())

test('what was installed is found by its lockfile, and passes', async () => {
  expect(store.folderOf('tool', lock)).toBe(installed)
  await expect(store.check('tool', lock)).resolves.toBeUndefined()
})

test.each<[string, () => void, string]>([
  [
    'a byte more in a file',
    () => appendFileSync(join(installed, 'node_modules/tool/index.js'), ' '),
    'the files of tool',
  ],
  ['a file more', () => writeFileSync(join(installed, 'node_modules/tool/extra.js'), ''), 'the files of tool'],
  [
    'a file in the package that is called as npm’s own note is',
    () => writeFileSync(join(installed, 'node_modules/tool/.package-lock.json'), 'run()'),
    'the files of tool',
  ],
  ['a file less', () => rmSync(join(installed, 'node_modules/tool/index.js')), 'the files of tool'],
  [
    'another lockfile',
    () => writeFileSync(join(installed, 'package-lock.json'), JSON.stringify({ ...lockfile, name: 'other' })),
    'another lockfile',
  ],
  [
    'a lockfile that is cut off',
    () => writeFileSync(join(installed, 'package-lock.json'), '{"lockfile'),
    'another lockfile',
  ],
  ['no note of what was installed', () => rmSync(`${installed}.json`), 'not installed in this home'],
  ['nothing there', () => rmSync(installed, { recursive: true }), 'not installed in this home'],
])('%s is refused, with what to do', async (_, harm, why) => {
  harm()
  const refused = store.check('tool', lock)
  await expect(refused).rejects.toThrow(why)
  await expect(refused).rejects.toThrow('remit servers install tool')
})

test('what is installed once more beside a server that runs from it stays where it is, at once or one after the other', async () => {
  const { ino } = statSync(installed)
  const again = await Promise.all(
    [1, 2].map(async () => {
      const staged = await store.stage('tool')
      cpSync(installed, staged.folder, { recursive: true })
      return staged
    }),
  )
  expect(await Promise.all(again.map((staged) => staged.keep(lockfile)))).toEqual([installed, installed])
  await Promise.all(again.map((staged) => staged.discard()))
  expect(statSync(installed).ino).toBe(ino)
  await expect(store.check('tool', lock)).resolves.toBeUndefined()
  expect(readdirSync(join(folder.path, 'packages'))).toHaveLength(2)
})

test('several that install the same at the same time all have it', async () => {
  rmSync(join(folder.path, 'packages'), { recursive: true })
  const kept = Array.from({ length: 8 }, async () => {
    const staged = await store.stage('tool')
    mkdirSync(join(staged.folder, 'node_modules', 'tool'), { recursive: true })
    writeFileSync(join(staged.folder, 'package-lock.json'), JSON.stringify(lockfile))
    return staged.keep(lockfile).finally(staged.discard)
  })
  expect(new Set(await Promise.all(kept))).toEqual(new Set([installed]))
  await expect(store.check('tool', lock)).resolves.toBeUndefined()
})

test('npm’s own note in node_modules is no part of the package', async () => {
  writeFileSync(join(installed, 'node_modules/.package-lock.json'), '{}')
  await expect(store.check('tool', lock)).resolves.toBeUndefined()
})

test('links, clones and anything without an archive are not held to what they are', () => {
  const packages = {
    ...lockfile.packages,
    'node_modules/inside': { version: '1.0.0', inBundle: true },
    'node_modules/link': { link: true, integrity: 'sha512-x' },
    'node_modules/clone': { version: '1.0.0', resolved: 'git+ssh://git@example/clone' },
  }
  expect(unheld({ ...lockfile, packages })).toEqual(['node_modules/link', 'node_modules/clone'])
  expect(packageJsonOf(lockfile)).toMatchObject({ dependencies: { tool: '1.0.0' } })
})

test.each([
  [{ version: '1.0.0', bin: './cli.js' }, 'node_modules/@a/tool/cli.js'],
  [{ version: '1.0.0', bin: { other: 'cli.js' } }, 'node_modules/@a/tool/cli.js'],
  [{ version: '1.0.0', bin: { other: 'o.js', tool: 'cli.js' } }, 'node_modules/@a/tool/cli.js'],
])('the program of %j is %s', (packageJson, program) => {
  expect(programOf('@a/tool', packageJson)).toEqual({ version: '1.0.0', program })
})

test.each([
  { version: '1.0.0' },
  { version: '1.0.0', bin: { a: 'a.js', b: 'b.js' } },
  { version: '1.0.0', bin: '../../up.js' },
])('%j has no program', (packageJson) => {
  expect(() => programOf('@a/tool', packageJson)).toThrow('@a/tool has no program')
})
