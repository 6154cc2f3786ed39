import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { jailSchema } from '../../../shared/manifest.ts'
import { confine } from './confinement.ts'
import type { Jail } from './driver.ts'
import type { Limiter } from './limits/limiter.ts'
import { noDriver } from './none.ts'

const { read: _, write: __, sandbox: ___, ...limits } = jailSchema.parse({})
const launch = { command: process.execPath, args: [], cwd: '/', env: {}, secrets: [] }
const jail: Jail = { launch, reads: [], writes: [], doors: [], limits }
const stubborn: Limiter = {
  name: 'watchdog',
  stops: [],
  limitsCpu: false,
  hold: async () => ({
    enter: [],
    prefix: [],
    watch: () => undefined,
    release: () => Promise.reject(new Error('EBUSY: the group')),
  }),
}

const ours = async () => (await readdir(tmpdir())).filter((name) => name.startsWith(`remit-jail-${process.pid}.`))

test('what cannot be removed is told, and does not keep what else a jail had', async () => {
  const confinement = await confine(noDriver, stubborn, jail)
  expect(await ours()).toHaveLength(1)
  await expect(confinement.release()).rejects.toThrow('EBUSY: the group')
  expect(await ours()).toEqual([])
})
