import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, generateKeyPair } from 'jose'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openTokenKeys } from './token-keys.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'remit-keys-'))
})
afterEach(() => {
  vi.restoreAllMocks()
  rmSync(folder, { recursive: true, force: true })
})

const header = (kid: string) => ({ alg: 'EdDSA', kid })
const unsigned = { payload: '', signature: '' }

async function jwk(kid: string) {
  const { publicKey } = await generateKeyPair('EdDSA', { extractable: true })
  return { ...(await exportJWK(publicKey)), kid, alg: 'EdDSA' }
}

describe('openTokenKeys', () => {
  it('finds a key that was added to the file later', async () => {
    const clock = vi.spyOn(performance, 'now').mockReturnValue(0)
    const file = join(folder, 'jwks.json')
    const old = await jwk('old')
    writeFileSync(file, JSON.stringify({ keys: [old] }))
    const keys = openTokenKeys(file)
    await keys(header('old'), unsigned)
    await expect(keys(header('new'), unsigned)).rejects.toThrow(/no applicable key/)
    writeFileSync(file, JSON.stringify({ keys: [old, await jwk('new')] }))
    clock.mockReturnValue(1_001)
    await expect(keys(header('new'), unsigned)).resolves.toBeDefined()
  })

  it('refuses keys that come by plain http from elsewhere', () => {
    expect(() => openTokenKeys('http://remit.example/.well-known/jwks.json')).toThrow(
      /https, from loopback or from a file/,
    )
    expect(() => openTokenKeys('http://127.0.0.1:4747/.well-known/jwks.json')).not.toThrow()
  })
})
