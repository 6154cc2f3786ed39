import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { findServers, manifestText } from '../../scripts/build-manifest.ts'
import { manifestFileOf, manifestSchema } from '../../shared/manifest.ts'
import { root } from '../support/remit-command.ts'

const manifestFile = manifestFileOf(root)

describe('servers/manifest.json', () => {
  it('is what the code says; when this fails run `node scripts/manifest.ts` and review the diff', async () => {
    const stored: unknown = JSON.parse(readFileSync(manifestFile, 'utf8'))
    expect(stored).toEqual(JSON.parse(manifestText(await findServers())))
  })

  it('is byte for byte what the script writes, and fits the schema that the runtime reads it with', async () => {
    const text = readFileSync(manifestFile, 'utf8')
    expect(text).toBe(manifestText(await findServers()))
    expect(manifestSchema.parse(JSON.parse(text)).servers.map(({ name }) => name).length).toBeGreaterThan(0)
  })
})
