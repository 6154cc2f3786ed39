import { expect, test } from 'vitest'
import { serverManifestSchema } from '../../../shared/manifest.ts'
import type { SandboxDriver } from './driver.ts'
import { jailer } from './jailer.ts'
import type { Limiter } from './limits/limiter.ts'
import { noDriver } from './none.ts'

const strong: SandboxDriver = {
  ...noDriver,
  name: 'bwrap',
  wrap: () => Promise.reject(new Error('the strong driver was asked')),
}
const limiter: Limiter = {
  name: 'watchdog',
  stops: [],
  limitsCpu: false,
  hold: async () => ({ enter: [], prefix: [], watch: () => undefined, release: async () => undefined }),
}
const unconfined = serverManifestSchema.parse({
  name: 'wild',
  title: 'Wild',
  version: '1.0.0',
  description: '',
  command: ['node'],
  jail: { sandbox: 'none' },
  tools: [],
})

/** One start of a server whose manifest asks for no sandbox. */
function start(none_by_manifest: boolean) {
  const open = jailer({
    driver: strong,
    limiter,
    none_by_manifest,
    bombs: async () => [],
    root: '/',
    kept: '/kept',
    onProof: async () => undefined,
  })
  const launch = { command: process.execPath, args: [], cwd: '/', env: {}, secrets: [] }
  return open(unconfined, { dataFolder: '/nowhere', doors: [] })(launch)
}

test('a server runs in no sandbox where its manifest says so and nobody wrote down a minimum', async () => {
  const { release } = await start(true)
  await release()
})

test('a minimum that was written down is stronger than the word of a manifest', async () => {
  await expect(start(false)).rejects.toThrow(
    'its manifest asks for no sandbox, and sandbox.minimum takes nothing so weak',
  )
})
