import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { codeFolder } from '../shared/own-package.ts'
import { findProject } from './find-project.ts'

const folder = mkdtempSync(join(tmpdir(), 'remit-find-'))
const deep = join(folder, 'shop', 'servers', 'crm')
const packed = (startedIn: string, environment = {}) => findProject(environment, { startedIn, packed: true })

beforeAll(() => {
  mkdirSync(deep, { recursive: true })
  writeFileSync(join(folder, 'shop', 'remit.config.yaml'), '')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('the package serves the project that it was started in, however deep', () => {
  expect(packed(join(folder, 'shop'))).toBe(join(folder, 'shop'))
  expect(packed(deep)).toBe(join(folder, 'shop'))
})

test('the package knows no project outside any', () => {
  expect(packed(folder)).toBeUndefined()
})

test('REMIT_PROJECT names another one, relative to where it was started', () => {
  expect(packed(folder, { REMIT_PROJECT: 'shop' })).toBe(join(folder, 'shop'))
  expect(packed(deep, { REMIT_PROJECT: '' })).toBe(join(folder, 'shop'))
})

test('a checkout is its own project, wherever a host starts it', () => {
  expect(findProject({}, { startedIn: join(folder, 'shop'), packed: false })).toBe(codeFolder)
})
