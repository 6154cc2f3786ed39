import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Home, openHome } from '../../home/home.ts'
import { periodMs } from './key-periods.ts'
import { openTokenKeys, type TokenKeys } from './token-keys.ts'

const minute = 60_000
const hour = 60 * minute
const start = 2_951 * periodMs

let folder: string
let home: Home
let at: number
let keys: TokenKeys
const open = () => openTokenKeys({ home, now: () => new Date(at) })
const kids = async () => (await keys.published()).keys.map(({ kid }) => kid)

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'remit-token-keys-'))
  home = openHome(folder)
  at = start + 2 * hour
  keys = open()
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('the keys of call tokens', () => {
  test('are the same for all who open them', async () => {
    const [one, other] = await Promise.all([keys.signing(), open().signing()])
    expect(one.kid).toBe(other.kid)
    expect((await open().signing()).kid).toBe(one.kid)
  })

  test('lie in files that only their owner reads, and only their public halves are published', async () => {
    await keys.signing()
    const files = readdirSync(home.keys).filter((name) => name.endsWith('.key'))
    expect(files).toEqual(['call-tokens-2951.key'])
    expect(statSync(join(home.keys, 'call-tokens-2951.key')).mode & 0o777).toBe(0o600)
    const published = await keys.published()
    expect(published.keys.map((key) => Object.keys(key).sort())).toEqual([['alg', 'crv', 'kid', 'kty', 'use', 'x']])
    expect(JSON.parse(readFileSync(keys.file, 'utf8'))).toEqual(published)
  })

  test('are published before they sign, change each week, and stay published while tokens of theirs are good', async () => {
    const old = (await keys.signing()).kid
    expect(await kids()).toEqual([old])

    at = start + periodMs - minute
    const [, next] = await kids()
    expect((await keys.signing()).kid).toBe(old)

    at = start + periodMs + minute
    expect((await keys.signing()).kid).toBe(next)
    expect(await kids()).toEqual([old, next])

    at = start + periodMs + 2 * hour
    expect(await kids()).toEqual([next])
    expect(readdirSync(home.keys)).not.toContain('call-tokens-2951.key')
  })
})
