import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { mkdir, rename, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { spawnNode } from '../../../test/support/spawn-node.ts'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { makeJailFolder, removeLeftFolders } from './jail-folder.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
beforeEach(async () => {
  folder = await temporaryFolder('remit-jails-')
  vi.stubEnv('TMPDIR', folder.path)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await folder.remove()
})

/** The name that the same folder has for who lives in another container. */
const elsewhere = (path: string) => path.replace(/\.(\d+)\.(\d+)$/, '.1.$2')

describe.skipIf(process.platform === 'win32')('the folder of a jail', () => {
  test('is nobody else’s, and gone with its jail', async () => {
    const { path, remove } = await makeJailFolder()
    expect((await stat(path)).mode & 0o777).toBe(0o700)
    await remove()
    expect(readdirSync(folder.path)).toEqual([])
  })

  test('takes sockets, however long the temp folder’s path is', async () => {
    const deep = join(folder.path, 'x'.repeat(90))
    await mkdir(deep)
    vi.stubEnv('TMPDIR', deep)
    const { path, remove } = await makeJailFolder()
    const door = createServer().listen(join(path, 'door-99.sock'))
    await once(door, 'listening')
    door.close()
    await remove()
    expect(existsSync(path)).toBe(false)
  })

  test('is left alone while its owner lives, in this container or in another one', async () => {
    const own = await makeJailFolder()
    const other = await makeJailFolder()
    await rename(other.path, elsewhere(other.path))
    await removeLeftFolders()
    expect(readdirSync(folder.path)).toHaveLength(2)
    await own.remove()
    await other.remove()
  })

  test('is removed once its owner was killed, also when that was in a container that is no more', async () => {
    const script = 'orchestrator/execute/fixtures/jail-folder-holder.ts'
    await using holder = spawnNode(script, [], { TMPDIR: folder.path })
    await holder.until(/held/, 'stdout')
    holder.child.kill('SIGKILL')
    await holder.exited
    const [first = '', second = ''] = readdirSync(folder.path)
    await rename(join(folder.path, second), elsewhere(join(folder.path, second)))
    expect(readdirSync(folder.path)).toEqual(expect.arrayContaining([first, elsewhere(second)]))
    await removeLeftFolders()
    expect(readdirSync(folder.path)).toEqual([])
  })

  test('of an owner elsewhere who has not come to say that it lives is left alone', async () => {
    await mkdir(join(folder.path, 'remit-jail-1.abc.1.1'))
    await removeLeftFolders()
    expect(readdirSync(folder.path)).toHaveLength(1)
  })
})
