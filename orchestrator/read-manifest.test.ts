import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ConfigError } from './config.ts'
import { readManifest } from './read-manifest.ts'

const folder = mkdtempSync(join(tmpdir(), 'remit-manifest-'))
const write = (text: string) => writeFileSync(join(folder, 'servers', 'manifest.json'), text)
beforeAll(() => mkdirSync(join(folder, 'servers')))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('says which command writes a manifest that is not there', () => {
  expect(() => readManifest(folder)).toThrow(/is not there; "npm run remit -- manifest" writes it/)
})

test.each([
  ['no JSON', '{"version"', '/ is no JSON'],
  ['a version of another time', '{"version": 2, "servers": []}', '/version'],
  ['a server without tools', '{"version": 1, "servers": [{"name": "crm"}]}', '/servers/0/tools'],
])('refuses %s by its place', (_, text, path) => {
  write(text)
  expect(() => readManifest(folder)).toThrow(ConfigError)
  expect(() => readManifest(folder)).toThrow(path)
})

test('reads one without servers', () => {
  write('{"version": 1, "servers": []}')
  expect(readManifest(folder)).toEqual({ version: 1, servers: [] })
})
