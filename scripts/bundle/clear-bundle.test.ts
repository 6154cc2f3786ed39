import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { codeFolder } from '../../shared/own-package.ts'
import { shippedManifest } from '../../test/support/shipped-manifest.ts'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { bundleServer } from './bundle-server.ts'
import { clearBundle } from './clear-bundle.ts'
import { readProject } from './project.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
const at = (...names: string[]) => join(folder.path, ...names)
beforeEach(async () => {
  folder = await temporaryFolder('remit-clear-')
  mkdirSync(at('slack'))
})
afterEach(() => folder.remove())

test('a bundle is not made over sources, nor over anything else that is no bundle', async () => {
  for (const name of ['server.mjs', 'server.ts']) writeFileSync(at('slack', name), 'mine')
  const [slack] = shippedManifest().servers.filter(({ name }) => name === 'slack')
  if (!slack) throw new Error('there is no server slack')
  const options = {
    root: codeFolder,
    project: readProject(codeFolder),
    namespace: 'com.example',
    releases: 'https://a.example',
  }
  await expect(bundleServer(slack, { ...options, out: folder.path })).rejects.toThrow('it holds server.ts')
  expect(readdirSync(at('slack'))).toEqual(['server.mjs', 'server.ts'])
})

test('an earlier bundle is removed, and where there is none nothing is', () => {
  for (const name of ['server.mjs', 'remit-slack-0.1.0.mcpb', 'compose.yaml']) writeFileSync(at('slack', name), '')
  clearBundle(at('slack'))
  expect(existsSync(at('slack'))).toBe(false)
  clearBundle(at('slack'))
  writeFileSync(at('file'), '')
  expect(() => clearBundle(at('file'))).toThrow('is no bundle')
})
