import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { codeFolder } from '../../shared/own-package.ts'
import { readFolder, writeFiles } from './folder-files.ts'
import { type KitFrom, renderServer } from './render-server.ts'
import { ScaffoldError } from './scaffold-error.ts'
import { serverNames } from './server-names.ts'

const template = readFolder(join(codeFolder, 'templates', 'server'))
const biome = join(dirname(createRequire(import.meta.url).resolve('@biomejs/biome/package.json')), 'bin', 'biome')
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'remit-scaffold-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const longest = 'abcdefghijklmnop'
const named: [string, Parameters<typeof serverNames>[1]][] = [
  ['ab', { thing: 'ab', title: 'A' }],
  ['crm', { thing: 'contact' }],
  [longest, { thing: longest, title: longest.toUpperCase() }],
]

describe.each<KitFrom>(['checkout', 'package'])('a server that imports the kit from the %s', (kitFrom) => {
  test.each(named)('is formatted and sorted as the project’s own files are, called %s', (name, more) => {
    writeFiles(join(folder, 'servers', name), renderServer(template, serverNames(name, more), kitFrom))
    cpSync(join(codeFolder, 'templates', 'project', '_biome.json'), join(folder, 'biome.json'))
    const options = ['ci', '--colors=off', '--error-on-warnings', '.']
    const { status, stderr } = spawnSync(process.execPath, [biome, ...options], { cwd: folder, encoding: 'utf8' })
    expect([status, status === 0 ? '' : stderr]).toEqual([0, ''])
  })
})

test('leaves nothing of the template’s own names, in any file', () => {
  const files = renderServer(template, serverNames('crm', { thing: 'entry', title: 'CRM' }), 'package')
  const text = [...files.values()].join('\n')
  expect(text).not.toMatch(/warehouse|parcel|shared\/capability/i)
  expect(text).toContain("name: 'create_entry'")
  expect(text).toContain("requests('POST', '/v1/entries')")
  expect(text).toContain('CRM_URL')
  expect(text).toContain("title: 'CRM'")
  expect(text).toContain("from 'remit/capability/testing'")
})

test.each([
  ['a name of two words', 'help-desk', {}],
  ['a name that is a path', '../evil', {}],
  ['a name in capitals', 'CRM', {}],
  ['a thing of two words', 'crm', { thing: 'big thing' }],
  ['a title that would end a string', 'crm', { title: "O'Neil" }],
])('refuses %s, and says what would be right', (_, name, more) => {
  expect(() => serverNames(name, more)).toThrow(ScaffoldError)
  expect(() => serverNames(name, more)).toThrow(/must be/)
})
