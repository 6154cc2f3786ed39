import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { z } from 'zod'
import { withFileLock } from '../../home/file-lock.ts'
import type { Home } from '../../home/home.ts'
import { type Lockfile, lockDigest, lockfileSchema } from './lockfile.ts'
import { treeDigest } from './tree-digest.ts'

const installedSchema = z.strictObject({ lock: z.string(), tree: z.string() })

/** Packages that cannot be run as they are; the message says what is to be done. */
export class PackageError extends Error {
  override readonly name = 'PackageError'
}

/** The packages of a home, each in a folder that is named after its server and its lockfile: two versions stand side by side. */
export interface PackageStore {
  /** Where the package of that lockfile is, or will be. */
  folderOf(server: string, lock: string): string
  /** A folder to install into, and what makes it the folder of its lockfile or removes it. */
  stage(server: string): Promise<Staged>
  /** Rejects with a {@link PackageError} where the files are not those that were installed from that lockfile. */
  check(server: string, lock: string): Promise<void>
  /** Whether `check` has nothing to say against it. */
  isSound(server: string, lock: string): Promise<boolean>
}

interface Staged {
  folder: string
  keep(lock: Lockfile): Promise<string>
  discard(): Promise<void>
}

const folderName = 'packages'

/** The folder that a file of an installed package lies in, with all that was installed for it; undefined for any other file. */
export function installedFolderOf(home: string, file: string): string | undefined {
  const root = join(home, folderName, sep)
  const [name] = file.startsWith(root) ? file.slice(root.length).split(sep) : []
  return name === undefined ? undefined : join(root, name)
}

export function openPackageStore(home: Pick<Home, 'path'>): PackageStore {
  const root = join(home.path, folderName)
  const locks = join(home.path, 'processes')
  const folderOf = (server: string, lock: string) => join(root, `${server}-${lock.replace('sha256:', '').slice(0, 16)}`)
  /** Beside the folder, where nobody who runs what is in it can write. */
  const noteOf = (server: string, lock: string) => `${folderOf(server, lock)}.json`
  const noted = (server: string, lock: string) => {
    try {
      return installedSchema.parse(JSON.parse(readFileSync(noteOf(server, lock), 'utf8')))
    } catch {
      return undefined
    }
  }
  const isInstalled = (server: string, lock: string) =>
    noted(server, lock)?.lock === lock && existsSync(folderOf(server, lock))

  async function check(server: string, lock: string): Promise<void> {
    const advice = `install it again: remit servers install ${server}`
    if (!isInstalled(server, lock)) throw new PackageError(`${server} is not installed in this home; ${advice}`)
    const there = await installedLock(folderOf(server, lock)).catch(() => undefined)
    if (!there || lockDigest(there) !== lock)
      throw new PackageError(`${server} is installed with another lockfile than the one that was accepted; ${advice}`)
    if ((await treeDigest(folderOf(server, lock))) !== noted(server, lock)?.tree)
      throw new PackageError(`the files of ${server} are not those that were installed; ${advice}`)
  }

  const isSound = (server: string, lock: string) =>
    check(server, lock).then(
      () => true,
      () => false,
    )

  return {
    folderOf,
    isSound,
    check,
    async stage(server) {
      const folder = join(root, `.new-${server}-${randomUUID()}`)
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const discard = () => rm(folder, { recursive: true, force: true })
      return {
        folder,
        discard,
        async keep(lockfile) {
          const lock = lockDigest(lockfile)
          const kept = folderOf(server, lock)
          const note = { lock, tree: await treeDigest(folder) }
          await mkdir(locks, { recursive: true, mode: 0o700 })
          await withFileLock(join(locks, 'packages.lock'), async () => {
            // A server may run from what is there: the same is not put in its place.
            if (noted(server, lock)?.tree === note.tree && (await isSound(server, lock))) return
            await rm(kept, { recursive: true, force: true })
            await rename(folder, kept)
            await writeFile(noteOf(server, lock), JSON.stringify(note), { mode: 0o600 })
          })
          return kept
        },
      }
    },
  }
}

/** The lockfile that npm left in a folder. Rejects with a {@link PackageError} where there is none that can be used. */
export async function installedLock(folder: string): Promise<Lockfile> {
  const text = await readFile(join(folder, 'package-lock.json'), 'utf8').catch(() => 'null')
  const parsed = lockfileSchema.safeParse(JSON.parse(text))
  if (parsed.success) return parsed.data
  throw new PackageError('npm left no lockfile of version 3: it has to be npm 7 or newer')
}
