import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openStore } from './json-store.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'remit-store-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('openStore', () => {
  it('starts with the initial state, which stays untouched', () => {
    const initial = { rows: [] as string[] }
    const store = openStore(join(folder, 'a.json'), initial)
    store.state.rows.push('x')
    expect(initial.rows).toEqual([])
  })

  it('gives the saved state to the next process, and not what was not saved', () => {
    const file = join(folder, 'a.json')
    const store = openStore(file, { count: 0 })
    store.state.count = 1
    store.save()
    store.state.count = 2
    expect(openStore(file, { count: 0 }).state).toEqual({ count: 1 })
  })

  it('leaves only its file, readable by its owner alone', () => {
    const store = openStore(join(folder, 'a.json'), {})
    store.save()
    store.save()
    expect(readdirSync(folder)).toEqual(['a.json'])
    expect(statSync(join(folder, 'a.json')).mode & 0o777).toBe(0o600)
  })

  it('refuses a file that is not JSON rather than overwrite it', () => {
    const file = join(folder, 'a.json')
    writeFileSync(file, '{"half":')
    expect(() => openStore(file, {})).toThrow(/a\.json does not hold JSON/)
    expect(readFileSync(file, 'utf8')).toBe('{"half":')
  })
})
