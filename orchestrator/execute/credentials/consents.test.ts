import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openConsents } from './consents.ts'

const mapping = { billing: { STRIPE_API_BASE: 'https://api.stripe.com', STRIPE_API_KEY: 'sk_live_secret' } }
const at = new Date('2026-01-01T12:00:00Z')
let folder: string
let path: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'remit-consents-'))
  path = join(folder, 'live-consents.json')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('holds for exactly the mapping that was agreed to, over a restart', () => {
  expect(openConsents(path).holds(mapping)).toBe(false)
  openConsents(path).give(mapping, 'local:ada', at)
  expect(openConsents(path).holds(mapping)).toBe(true)
  const others = [
    {},
    { billing: { ...mapping.billing, STRIPE_API_KEY: 'sk_live_other' } },
    { ...mapping, slack: { SLACK_API_URL: 'https://slack.com/api/' } },
  ]
  for (const other of others) expect(openConsents(path).holds(other)).toBe(false)
})

test('keeps who agreed and when, and of the credentials nothing', () => {
  openConsents(path).give(mapping, 'local:ada', at)
  const kept = readFileSync(path, 'utf8')
  expect(JSON.parse(kept)).toMatchObject({ given: [{ by: 'local:ada', at: '2026-01-01T12:00:00.000Z' }] })
  expect(kept).not.toContain('sk_live')
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test('takes a file that cannot be read for no agreement', () => {
  openConsents(path).give(mapping, 'local:ada', at)
  writeFileSync(path, '{')
  expect(openConsents(path).holds(mapping)).toBe(false)
  openConsents(path).give(mapping, 'local:ada', at)
  expect(openConsents(path).holds(mapping)).toBe(true)
})
