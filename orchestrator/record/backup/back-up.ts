import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Home } from '../../home/home.ts'
import { majorVersion } from '../initialise-postgres.ts'
import { type Archive, wholeText, writeArchive } from './archive.ts'
import { copyFile, copyPostgres } from './copy-postgres.ts'

/** What a backup says of itself, in its first file. */
export const backupHeadSchema = z.object({
  format: z.literal('remit backup'),
  version: z.literal(1),
  made_at: z.iso.datetime(),
  /** Of the machine; PostgreSQL's files fit the same kind alone. */
  platform: z.string(),
  postgres: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('embedded'), major: z.string() }),
    /** Databases that the backup does not hold: their own server's tools have to. */
    z.object({ kind: z.literal('external'), databases: z.array(z.string()) }),
  ]),
})

export type BackupHead = z.infer<typeof backupHeadSchema>

/** The embedded Postgres to copy, or the names of the databases of an external one. */
export type BackupSource = { adminUrl: string; dataFolder: string } | { databases: string[] }

/** Folders of a home that are of no use elsewhere. */
const leftBehind = new Set(['postgres', 'processes', 'logs'])

/** Copied before Postgres is: what a home remembers of the record may lag behind it, and never be ahead. */
const copiedFirst = ['keys', 'credentials']

/**
 * Writes everything that runs need to go on to one file: the home with its keys and secrets, and the embedded Postgres
 * with every database in it. Runs may be under way meanwhile.
 */
export async function backUp(
  home: Home,
  source: BackupSource,
  { file, now, signal }: { file: string; now: Date; signal: AbortSignal },
): Promise<BackupHead> {
  const postgres: BackupHead['postgres'] =
    'databases' in source
      ? { kind: 'external', databases: source.databases }
      : { kind: 'embedded', major: majorVersion }
  const head: BackupHead = {
    format: 'remit backup',
    version: 1,
    made_at: now.toISOString(),
    platform: platform(),
    postgres,
  }
  const fill = async (archive: Archive) => {
    await archive.file('backup.json', wholeText(JSON.stringify(head)))
    const names = (await readdir(home.path)).filter((name) => !leftBehind.has(name)).sort()
    for (const name of copiedFirst) await copyTree(home.path, name, archive)
    if ('adminUrl' in source) await copyPostgres(source.adminUrl, source.dataFolder, archive, 'postgres')
    for (const name of names) if (!copiedFirst.includes(name)) await copyTree(home.path, name, archive)
  }
  await writeArchive(file, fill, signal)
  return head
}

/** Sockets and links are of a process, not of the home. */
async function copyTree(root: string, path: string, archive: Archive): Promise<void> {
  const found = await lstat(join(root, path)).catch(() => undefined)
  if (found?.isFile()) await copyFile(join(root, path), archive, `home/${path}`)
  if (!found?.isDirectory()) return
  await archive.folder(`home/${path}`, found.mode & 0o777)
  for (const name of (await readdir(join(root, path))).sort()) await copyTree(root, `${path}/${name}`, archive)
}

/** As backups name a kind of machine. */
export function platform(): string {
  return `${process.platform} ${process.arch}`
}
