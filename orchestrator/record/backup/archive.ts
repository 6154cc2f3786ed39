import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { chmod, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { extract, pack } from 'tar-stream'
import { z } from 'zod'

/** A file of a backup cannot be used, with the reason for people. */
export class BackupError extends Error {
  override readonly name = 'BackupError'
}

/** A gzipped tar file whose last entry holds the digest of every other. */
export interface Archive {
  folder(path: string, mode: number): Promise<void>
  /** A file that is read while it may change: what is missing of `size` becomes zeros, what is more is left out. */
  file(path: string, content: { size: number; mode: number; chunks: AsyncIterable<Buffer> }): Promise<void>
}

const digestsPath = 'digests.json'
const digestsSchema = z.record(z.string(), z.string())

/** Writes an archive for its owner alone. It is there once it is whole; nothing of it where the signal is aborted. */
export async function writeArchive(
  path: string,
  fill: (archive: Archive) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const draft = `${path}.draft`
  const packed = pack()
  const written = pipeline(packed, createGzip(), createWriteStream(draft, { mode: 0o600, flush: true }), { signal })
  // A disk that is full must end the writing, which waits for room in the stream.
  const failed = written.then(() => new Promise<never>(() => {}))
  const digests: Record<string, string> = {}
  const add: Archive['file'] = async (name, { size, mode, chunks }) => {
    const digest = createHash('sha256')
    const entry = packed.entry({ name, mode, size })
    for await (const chunk of exactly(size, chunks)) {
      digest.update(chunk)
      if (!entry.write(chunk)) await Promise.race([once(entry, 'drain'), failed])
    }
    entry.end()
    await Promise.race([once(entry, 'finish'), failed])
    digests[name] = digest.digest('hex')
  }
  try {
    await Promise.race([
      fill({
        folder: async (name, mode) => void packed.entry({ name, mode, type: 'directory' }),
        file: add,
      }),
      failed,
    ])
    await add(digestsPath, wholeText(JSON.stringify(digests)))
    packed.finalize()
    await written
    await rename(draft, path)
  } catch (error) {
    packed.destroy()
    await written.catch(() => {})
    await rm(draft, { force: true })
    signal.throwIfAborted()
    throw error
  }
}

/** A text as a file of an archive. */
export function wholeText(text: string): { size: number; mode: number; chunks: AsyncIterable<Buffer> } {
  const bytes = Buffer.from(text)
  async function* chunks() {
    yield bytes
  }
  return { size: bytes.length, mode: 0o600, chunks: chunks() }
}

async function* exactly(size: number, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let left = size
  for await (const chunk of chunks) {
    yield chunk.subarray(0, left)
    left -= Math.min(left, chunk.length)
    if (left === 0) return
  }
  while (left > 0) {
    const zeros = Buffer.alloc(Math.min(left, 65_536))
    yield zeros
    left -= zeros.length
  }
}

/**
 * Unpacks an archive into a folder, file by file, and checks every digest. `onFirst` gets the content of the first file
 * before anything else is written, and may throw. Throws a {@link BackupError} where the archive is not whole.
 */
export async function readArchive(
  path: string,
  folder: string,
  onFirst: (content: Buffer) => void,
  signal: AbortSignal,
): Promise<void> {
  const entries = extract()
  const source = pipeline(createReadStream(path), createGunzip(), entries, { signal })
  source.catch(() => {})
  const found: Record<string, string> = {}
  let digests: Record<string, string> | undefined
  try {
    for await (const entry of entries) {
      const { name, type, mode = 0o600 } = entry.header
      const target = join(folder, safePath(name))
      if (type === 'directory') {
        await mkdir(target, { recursive: true })
        await chmod(target, mode)
      } else if (type !== 'file') throw new BackupError(`${name} is no file and no folder: no backup holds that`)
      else if (Object.keys(found).length === 0 || name === digestsPath) {
        const content = await contentOf(entry)
        if (name === digestsPath) digests = digestsSchema.parse(JSON.parse(String(content)))
        else {
          onFirst(content)
          found[name] = createHash('sha256').update(content).digest('hex')
        }
      } else found[name] = await writeEntry(target, mode, entry)
      entry.resume()
    }
    await source
  } catch (error) {
    entries.destroy()
    signal.throwIfAborted()
    throw error instanceof BackupError || isOfDisk(error) ? error : damaged(path, error)
  }
  if (!digests) throw damaged(path)
  const names = new Set([...Object.keys(digests), ...Object.keys(found)])
  for (const name of names) if (digests[name] !== found[name]) throw damaged(`${path}: ${name}`)
}

async function contentOf(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const chunk of chunks) parts.push(chunk)
  return Buffer.concat(parts)
}

async function writeEntry(target: string, mode: number, chunks: AsyncIterable<Buffer>): Promise<string> {
  await mkdir(dirname(target), { recursive: true, mode: 0o700 })
  const digest = createHash('sha256')
  const file = await open(target, 'wx', mode)
  try {
    for await (const chunk of chunks) {
      digest.update(chunk)
      await file.writeFile(chunk)
    }
    await file.sync()
  } finally {
    await file.close()
  }
  return digest.digest('hex')
}

/** What leads out of the folder, on any system, is no path of ours. */
function safePath(name: string): string {
  const parts = name.replace(/\/$/, '').split('/')
  if (parts.some((part) => part === '' || part === '.' || part === '..' || /[\\:\0]/.test(part)))
    throw new BackupError(`"${name}" leads out of the backup: it was not made by Remit`)
  return parts.join('/')
}

function isOfDisk(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code !== undefined && /^E(NOSPC|ACCES|PERM|ROFS|DQUOT|NOENT|ISDIR|MFILE)$/.test(code)
}

function damaged(what: string, cause?: unknown): BackupError {
  return new BackupError(`${what} is damaged: it was altered or cut short, or it is no backup`, { cause })
}
