import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openEraVerdicts } from './era-verdicts.ts'
import { workshop } from './fixtures/workshop-tools.ts'

const folder = mkdtempSync(join(tmpdir(), 'remit-eras-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const server = workshop('workshop', ['node'])
const noon = new Date('2026-11-01T12:00:00Z')

test('a verdict outlives the process, and is forgotten after a day or with a new version', async () => {
  const file = join(folder, 'eras.json')
  await openEraVerdicts(file, () => noon).rememberLegacy(server)
  expect(openEraVerdicts(file, () => noon).isLegacy(server)).toBe(true)
  expect(openEraVerdicts(file, () => noon).isLegacy({ ...server, version: '1.0.1' })).toBe(false)
  expect(openEraVerdicts(file, () => new Date('2026-11-02T12:00:00Z')).isLegacy(server)).toBe(false)
})

test('a broken file, or one that cannot be written, only costs the verdicts', async () => {
  const file = join(folder, 'broken.json')
  writeFileSync(file, '{"workshop":')
  expect(openEraVerdicts(file, () => noon).isLegacy(server)).toBe(false)
  const nowhere = openEraVerdicts(join(folder, 'no', 'such', 'folder.json'), () => noon)
  await nowhere.rememberLegacy(server)
  expect(nowhere.isLegacy(server)).toBe(true)
})
