import { join } from 'node:path'
import { expect, test } from 'vitest'
import { codeFolder } from '../shared/own-package.ts'
import { readConfig } from './config.ts'
import { entryOf } from './host-entry.ts'
import { catalogueOf } from './model/catalogue.ts'
import { readManifest } from './read-manifest.ts'

const catalogue = catalogueOf(readManifest(codeFolder))
const main = join(codeFolder, 'orchestrator', 'main.ts')

test('a host starts our own program, and is told of a project that lies elsewhere', () => {
  expect(entryOf(readConfig({}), catalogue, 'slack')).toMatchObject({ args: [main, 'serve', 'slack'], env: {} })
  const elsewhere = readConfig({ REMIT_PROJECT: '/srv/shop' })
  expect(entryOf(elsewhere, catalogue, 'slack')).toMatchObject({
    args: [main, 'serve', 'slack'],
    env: { REMIT_PROJECT: '/srv/shop' },
  })
})

test('a project that lies elsewhere has its own goals and home, and none of ours', () => {
  expect(readConfig({ REMIT_PROJECT: '/srv/shop' })).toMatchObject({
    root: '/srv/shop',
    file: '/srv/shop/remit.config.yaml',
    home: '/srv/shop/.remit',
    goalFolders: [],
  })
})
