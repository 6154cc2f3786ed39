import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../support/remit-command.ts'
import { page, tableOfInterop } from './page.ts'

test('the page says who is tried, in which version, and with what', () => {
  const text = readFileSync(join(root, page), 'utf8')
  const table = text.split('\n').filter((line) => line.startsWith('|'))
  expect(table.join('\n')).toBe(tableOfInterop())
})

test('continuous integration installs every host, and lets none be skipped', () => {
  const script = readFileSync(join(root, '.ci/run'), 'utf8')
  expect(script).toContain('npm ci --ignore-scripts --prefix test/interop/hosts')
  expect(script).toMatch(/export REMIT_INTEROP=all[\s\S]*npm test/)
})
