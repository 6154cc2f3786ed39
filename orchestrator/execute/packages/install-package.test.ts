import { afterEach, beforeEach, expect, test } from 'vitest'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { installLocked } from './install-package.ts'
import type { Lockfile } from './lockfile.ts'
import { openPackageStore } from './package-store.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
beforeEach(async () => {
  folder = await temporaryFolder('remit-install-')
})
afterEach(() => folder.remove())

test('what came from an archive is not asked of a registry: a person is told to add it again', async () => {
  const lock: Lockfile = {
    lockfileVersion: 3,
    packages: {
      '': { dependencies: { tool: 'file:package.tgz' } },
      'node_modules/tool': { version: '1.0.0', resolved: 'file:package.tgz', integrity: 'sha512-x' },
    },
  }
  const started: string[] = []
  const installing = installLocked(lock, {
    server: 'files',
    store: openPackageStore(folder),
    jailer: ({ name }) => {
      started.push(name)
      return () => Promise.reject(new Error('nothing is started here'))
    },
    environment: process.env,
    cwd: folder.path,
  })
  await expect(installing).rejects.toThrow('remit servers add npm:file:ARCHIVE.tgz --name files')
  expect(started).toEqual([])
})
