import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { initProject } from './init-project.ts'
import { ScaffoldError } from './scaffold-error.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
const at = (...names: string[]) => join(folder.path, ...names)
const described = (project: string) => JSON.parse(readFileSync(at(project, 'package.json'), 'utf8'))

beforeEach(async () => {
  folder = await temporaryFolder('remit-init-')
})
afterEach(() => folder.remove())

test('a project in a folder that is called as Remit itself can still depend on it', () => {
  initProject(at('remit'))
  expect(described('remit').name).toBe('my-remit')
  expect(described('remit').dependencies).toHaveProperty('remit')
})

test('keeps the test of a package that has one, and takes the place of the one that npm makes up', () => {
  for (const [project, script] of [
    ['mine', 'node --test'],
    ['fresh', 'echo "Error: no test specified" && exit 1'],
  ] as const) {
    mkdirSync(at(project))
    writeFileSync(at(project, 'package.json'), JSON.stringify({ name: project, scripts: { test: script } }))
    initProject(at(project))
  }
  expect(described('mine').scripts).toMatchObject({ test: 'node --test', gate: expect.any(String) })
  expect(described('fresh').scripts.test).toContain('gate')
})

test.each<[string, string, () => void]>([
  ['a file where a folder of it would be', 'goals', () => writeFileSync(at('shop', 'goals'), '')],
  ['a link that leads nowhere', 'policy.yaml', () => symlinkSync(at('gone'), at('shop', 'policy.yaml'))],
  ['a link to a folder elsewhere', 'servers', () => symlinkSync(folder.path, at('shop', 'servers'))],
])('writes nothing beside %s, and says what is in the way', (_, path, put) => {
  mkdirSync(at('shop'))
  put()
  expect(() => initProject(at('shop'))).toThrow(ScaffoldError)
  expect(() => initProject(at('shop'))).toThrow(path)
  expect(readdirSync(at('shop'))).toEqual([path])
  expect(existsSync(at('guestbook'))).toBe(false)
})

test('refuses a file in the place of the folder', () => {
  writeFileSync(at('shop'), '')
  expect(() => initProject(at('shop'))).toThrow(ScaffoldError)
})
