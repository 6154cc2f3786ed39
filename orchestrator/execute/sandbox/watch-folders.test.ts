import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { sizeOnDisk } from './size-on-disk.ts'
import { watchFolders } from './watch-folders.ts'

const mebibyte = 1_024 * 1_024
const isRoot = process.getuid?.() === 0
let folder: Awaited<ReturnType<typeof temporaryFolder>>
beforeEach(async () => {
  folder = await temporaryFolder('remit-watched-')
})
afterEach(() => folder.remove())

const at = (...names: string[]) => join(folder.path, ...names)
const size = (limit = 100 * mebibyte) => sizeOnDisk([folder.path], limit)

describe('what lies in a folder', () => {
  test('is counted with all that lies below, and not what links lead to', async () => {
    mkdirSync(at('below', 'deeper'), { recursive: true })
    writeFileSync(at('below', 'deeper', 'file'), Buffer.alloc(mebibyte, 1))
    symlinkSync('/usr', at('link'))
    expect(await size()).toBeGreaterThanOrEqual(mebibyte)
    expect(await size()).toBeLessThan(mebibyte + 100_000)
  })

  test('counts though it is empty: a disk has so many files only', async () => {
    for (let count = 0; count < 50; count += 1) writeFileSync(at(`empty-${count}`), '')
    expect(await size()).toBeGreaterThanOrEqual(50 * 4_096)
  })

  test('is not looked at further than to the limit', async () => {
    for (let count = 0; count < 50; count += 1) writeFileSync(at(`empty-${count}`), '')
    expect(await size(10 * 4_096)).toBe(11 * 4_096)
  })

  test.skipIf(process.platform === 'win32')(
    'deeper than any path can name it is too much, whatever it is',
    async () => {
      const script = `for (let depth = 0; depth < 30; depth++) { fs.mkdirSync('x'.repeat(200)); process.chdir('x'.repeat(200)) }
      fs.writeFileSync('hidden', '')`
      const digging = spawn(process.execPath, ['-e', script], { cwd: folder.path, stdio: 'ignore' })
      expect(await once(digging, 'exit')).toEqual([0, null])
      expect(await size()).toBe(Number.POSITIVE_INFINITY)
      // Node cannot name it either.
      await once(spawn('rm', ['-rf', at('x'.repeat(200))]), 'exit')
    },
  )

  test.skipIf(isRoot || process.platform === 'win32')('behind a door that is shut is too much, too', async () => {
    mkdirSync(at('shut'))
    chmodSync(at('shut'), 0)
    expect(await size()).toBe(Number.POSITIVE_INFINITY)
    chmodSync(at('shut'), 0o700)
  })

  test('is nothing where there is no folder', async () => {
    expect(await sizeOnDisk([at('gone')], 1)).toBe(0)
  })
})

test.runIf(process.platform === 'linux')('files that are held without a name fill a folder as well', async () => {
  // A child of a child, so that it is not the first process that holds them.
  const hold = `for (let n = 0; n < 6; n++) { const d = fs.openSync('file', 'w'); fs.writeSync(d, Buffer.alloc(${mebibyte}, 1)); fs.unlinkSync('file') }
    console.log('held'); setInterval(() => {}, 1000)`
  const start = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(hold)}], { stdio: 'inherit' })`
  const holder = spawn(process.execPath, ['-e', start], {
    cwd: folder.path,
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  })
  await once(holder.stdout, 'data')
  const kill = vi.fn()
  const watched = { own: [folder.path], granted: [], pid: holder.pid ?? 0 }
  const stops = [
    watchFolders({ ...watched, mostMebibytes: 5 }, kill),
    watchFolders({ ...watched, mostMebibytes: 50 }, () => expect.unreachable('six are not more than fifty')),
  ]
  try {
    await vi.waitFor(() => expect(kill).toHaveBeenCalledExactlyOnceWith('wrote more than 5 MiB to its folders'), 20_000)
  } finally {
    for (const stop of stops) await stop()
    process.kill(-(holder.pid ?? 0), 'SIGKILL')
    await once(holder, 'close')
  }
})
