import { createWriteStream } from 'node:fs'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip, gunzipSync, gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { BackupError, readArchive, wholeText, writeArchive } from './archive.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let file: string
let target: string
const { signal } = new AbortController()
beforeEach(async () => {
  folder = await temporaryFolder()
  file = join(folder.path, 'backup.tar.gz')
  target = join(folder.path, 'target')
  await mkdir(target)
})
afterEach(() => folder.remove())

async function* chunks(...parts: string[]) {
  yield* parts.map((part) => Buffer.from(part))
}

const write = () =>
  writeArchive(
    file,
    async (archive) => {
      await archive.file('first.json', wholeText('{"a": 1}'))
      await archive.folder('home/empty', 0o700)
      await archive.file('home/keys/seal.key', { size: 9, mode: 0o600, chunks: chunks('secret', 'key') })
      await archive.file('home/short', { size: 5, mode: 0o644, chunks: chunks('abc') })
      await archive.file('home/long', { size: 2, mode: 0o644, chunks: chunks('abc', 'def') })
    },
    signal,
  )

const read = async (path = file) => {
  let first = ''
  await readArchive(path, target, (content) => (first = String(content)), signal)
  return first
}

it('gives back folders, files and modes; a file that changed size is cut, or filled up with zeros', async () => {
  await write()
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(await read()).toBe('{"a": 1}')
  expect(await readFile(join(target, 'home/keys/seal.key'), 'utf8')).toBe('secretkey')
  expect(await readFile(join(target, 'home/short'), 'utf8')).toBe('abc\0\0')
  expect(await readFile(join(target, 'home/long'), 'utf8')).toBe('ab')
  expect((await stat(join(target, 'home/keys/seal.key'))).mode & 0o777).toBe(0o600)
  expect((await stat(join(target, 'home/empty'))).isDirectory()).toBe(true)
})

it('leaves nothing of a file that could not be filled, or that was interrupted', async () => {
  const broken = writeArchive(file, () => Promise.reject(new Error('the disk is gone')), signal)
  await expect(broken).rejects.toThrow('the disk is gone')
  const interrupt = new AbortController()
  const interrupted = writeArchive(
    file,
    async () => {
      interrupt.abort(new Error('Interrupted'))
      await new Promise(() => {})
    },
    interrupt.signal,
  )
  await expect(interrupted).rejects.toThrow('Interrupted')
  expect(await readdir(folder.path)).toEqual(['target'])
})

it('refuses a file of which any byte was altered, or that was cut anywhere', async () => {
  await write()
  const whole = await readFile(file)
  const tar = gunzipSync(whole)
  const altered = Buffer.from(tar)
  altered[altered.indexOf('secretkey')] = 0x53
  const cut = [whole.subarray(0, 20), whole.subarray(0, whole.length / 2), whole.subarray(0, whole.length - 4)]
  for (const bytes of [gzipSync(altered), ...cut, gzipSync(tar.subarray(0, 1024)), Buffer.from('hello')]) {
    await writeFile(file, bytes)
    target = join(folder.path, `target-${bytes.length}`)
    await mkdir(target)
    await expect(read(), `${bytes.length} bytes`).rejects.toThrow(BackupError)
  }
})

it('stops at a first file that it is told not to take, before anything is written', async () => {
  await write()
  const refusing = readArchive(
    file,
    target,
    () => {
      throw new BackupError('another version')
    },
    signal,
  )
  await expect(refusing).rejects.toThrow('another version')
  expect(await readdir(target)).toEqual([])
})

it.each(['../outside', '/etc/outside', 'home/../../outside', 'C:\\outside', 'home\\..\\outside'])(
  'refuses a path that leads out of the folder: %s',
  async (name) => {
    const packed = pack()
    packed.entry({ name: 'first.json' }, '{}')
    packed.entry({ name }, 'x')
    packed.finalize()
    await pipeline(packed, createGzip(), createWriteStream(file))
    await expect(read()).rejects.toThrow(BackupError)
    expect(await readdir(folder.path)).toEqual(['backup.tar.gz', 'target'])
  },
)

it('refuses links, through which a later file could be written elsewhere', async () => {
  const packed = pack()
  packed.entry({ name: 'first.json' }, '{}')
  packed.entry({ name: 'home', type: 'symlink', linkname: '/tmp' })
  packed.finalize()
  await pipeline(packed, createGzip(), createWriteStream(file))
  await expect(read()).rejects.toThrow('no file and no folder')
})
