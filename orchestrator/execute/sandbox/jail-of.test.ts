import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ServerManifest } from '../../../shared/manifest.ts'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { jailOf } from './jail-of.ts'

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
      { root, dataFolder: '/data/shop' },
    )
  const own = jail(['servers/shop/main.ts', '--port', '1'])
  expect(own.reads).toEqual(
    ['/usr/bin/node', join(root, 'servers/shop'), join(root, 'shared'), join(root, 'node_modules')].filter(
      (path) => path !== '/usr/bin/node' || own.reads.includes(path),
    ),
  )
  expect(own.writes).toEqual(['/data/shop'])
  expect(own.limits).toMatchObject({ memory_mb: 512, processes: 96 })

  expect(jail(['main.ts']).reads).not.toContain(root)
  expect(jail(['servers/shop/main.ts'], { read: ['/etc/shop'], write: ['kept'], memory_mb: 64 })).toMatchObject({
    reads: expect.arrayContaining(['/etc/shop']),
    writes: ['/data/shop', join(root, 'kept')],
    limits: { memory_mb: 64 },
  })
  await folder.remove()
})
