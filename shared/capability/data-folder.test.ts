import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openDataFolder } from './data-folder.ts'

let base: string
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'remit-data-'))
})
afterEach(() => rmSync(base, { recursive: true, force: true }))

describe('openDataFolder', () => {
  it('makes the named folder for its owner alone, and closes one that was open', () => {
    const made = openDataFolder('things', join(base, 'deep', 'folder'))
    expect(statSync(made).mode & 0o777).toBe(0o700)
    mkdirSync(join(base, 'open'), { mode: 0o755 })
    expect(statSync(openDataFolder('things', join(base, 'open'))).mode & 0o777).toBe(0o700)
  })

  it('refuses a link, which in a shared temp folder may be somebody else’s', () => {
    mkdirSync(join(base, 'target'))
    symlinkSync(join(base, 'target'), join(base, 'link'))
    expect(() => openDataFolder('things', join(base, 'link'))).toThrow(/must be a folder of the user/)
  })

  it('refuses a file', () => {
    writeFileSync(join(base, 'file'), '')
    expect(() => openDataFolder('things', join(base, 'file'))).toThrow()
  })
})
