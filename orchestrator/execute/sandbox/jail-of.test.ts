import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import type { ServerManifest } from '../../../shared/manifest.ts'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { jailOf } from './jail-of.ts'

const grantsOf = (args: string[], root: string) =>
  jailOf({ jail: {} } as ServerManifest, { command: 'node', args, cwd: root, env: {}, secrets: [] }, [], {
    root,
    kept: '/kept',
    dataFolder: '/data/shop',
  }).reads

test('a file that the command names besides its script opens itself, and not what lies beside it', async () => {
  const folder = await temporaryFolder()
  const at = (name: string) => join(folder.path, name)
  for (const name of ['project', 'shop', 'keys']) await mkdir(at(name))
  for (const name of ['shop/main.js', 'keys/known', 'keys/private']) await writeFile(at(name), '')
  expect(grantsOf([at('shop/main.js'), at('keys/known')], at('project'))).toEqual([at('shop'), at('keys/known')])
  await folder.remove()
})

test.skipIf(process.platform === 'win32')(
  'a script that lies in a home, or above one, opens itself alone',
  async () => {
    const folder = await temporaryFolder()
    vi.stubEnv('HOME', join(folder.path, 'people/ada'))
    await mkdir(join(folder.path, 'people/ada'), { recursive: true })
    for (const name of ['people/ada/main.js', 'people/main.js', 'main.js']) {
      const script = join(folder.path, name)
      await writeFile(script, '')
      expect(grantsOf([script], '/project')).toEqual([script])
    }
    vi.unstubAllEnvs()
    await folder.remove()
  },
)

test('a program of an installed package may read all that was installed with it, and nothing else that Remit keeps', async () => {
  const folder = await temporaryFolder()
  const kept = folder.path
  const program = join(kept, 'packages/files-1/node_modules/files/dist/index.js')
  await mkdir(join(kept, 'packages/files-1/node_modules/files/dist'), { recursive: true })
  await writeFile(program, '')
  const launch = { command: 'node', args: [program, '/data'], cwd: '/project', env: {}, secrets: [] }
  const jail = jailOf({}, launch, [], { root: '/project', kept, dataFolder: join(kept, 'servers/files') })
  expect(jail.reads).toContain(join(kept, 'packages/files-1'))
  expect(jail.reads.filter((path) => !path.startsWith(join(kept, 'packages/files-1')))).toEqual([])
  await folder.remove()
})

test('a word that can be no path is none', () => {
  expect(grantsOf(['x'.repeat(5_000), 'nul\0byte', '{"json": true}'], '/project')).toEqual([])
})

test('a server may read its own code and what servers share, write its own folder, and nothing else', async () => {
  const folder = await temporaryFolder()
  const root = folder.path
  for (const name of ['servers/shop', 'servers/other', 'shared', 'node_modules', '.remit'])
    await mkdir(join(root, name), { recursive: true })
  for (const name of ['servers/shop/main.ts', 'main.ts']) await writeFile(join(root, name), '')
  const jail = (args: string[], granted: object = {}) =>
    jailOf(
      { jail: granted } as ServerManifest,
      { command: '/usr/bin/node', args, cwd: root, env: {}, secrets: [] },
      [],
      { root, kept: join(root, '.remit'), dataFolder: '/data/shop' },
    )
  const own = jail(['servers/shop/main.ts', '--port', '1'])
  expect(own.reads).toEqual(
    ['/usr/bin/node', join(root, 'servers/shop'), join(root, 'shared'), join(root, 'node_modules')].filter(
      (path) => path !== '/usr/bin/node' || own.reads.includes(path),
    ),
  )
  expect(own.writes).toEqual(['/data/shop'])
  expect(own.limits).toMatchObject({ memory_mb: 512, processes: 96 })

  expect(() => jail([], { read: ['.remit/keys'] })).toThrow('no server may see what Remit keeps')
  expect(jail(['main.ts']).reads).not.toContain(root)
  expect(jail(['servers/shop/main.ts'], { read: ['/etc/shop'], write: ['kept'], memory_mb: 64 })).toMatchObject({
    reads: expect.arrayContaining(['/etc/shop']),
    writes: ['/data/shop', join(root, 'kept')],
    limits: { memory_mb: 64 },
  })
  await folder.remove()
})
