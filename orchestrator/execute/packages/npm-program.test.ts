import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { extraTrust, findNpm } from './npm-program.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
beforeEach(async () => {
  folder = await temporaryFolder('remit-npm-')
})
afterEach(() => folder.remove())

test('npm trusts in its jail whom it trusts outside, and may read just that', () => {
  const file = join(folder.path, 'authority.pem')
  writeFileSync(file, 'a certificate')
  symlinkSync(file, join(folder.path, 'link.pem'))
  const path = realpathSync(file)
  expect(extraTrust({ NODE_EXTRA_CA_CERTS: join(folder.path, 'link.pem') })).toEqual({
    env: { NODE_EXTRA_CA_CERTS: path },
    read: [path],
  })
  expect(extraTrust({ NODE_EXTRA_CA_CERTS: join(folder.path, 'gone.pem') })).toEqual({ env: {}, read: [] })
  expect(extraTrust({})).toEqual({ env: {}, read: [] })
})

test('npm is the one that started the command, else the one of the PATH', () => {
  const script = join(folder.path, 'npm', 'bin', 'npm-cli.js')
  mkdirSync(join(folder.path, 'npm', 'bin'), { recursive: true })
  writeFileSync(script, '')
  symlinkSync(script, join(folder.path, 'npm', 'bin', 'npm'))
  const found = { script: realpathSync(script), folder: realpathSync(join(folder.path, 'npm')) }
  expect(findNpm({ npm_execpath: script })).toEqual(found)
  expect(findNpm({ PATH: ['/nowhere', join(folder.path, 'npm', 'bin')].join(':') })).toEqual(found)
  expect(() => findNpm({ PATH: '/nowhere' })).toThrow('npm is not on the PATH')
})
