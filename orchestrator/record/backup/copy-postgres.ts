import { createReadStream } from 'node:fs'
import { lstat, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { withClient } from '../../../shared/postgres/connect.ts'
import { type Archive, wholeText } from './archive.ts'

/** Folders whose content belongs to the running server alone; Postgres makes it anew (as `pg_basebackup` leaves them out). */
const emptied = new Set([
  'pg_wal',
  'pg_dynshmem',
  'pg_notify',
  'pg_replslot',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
  'pg_subtrans',
])
const leftOut = /^(postmaster\.(pid|opts)|backup_label.*|backup_manifest|pg_internal\.init.*|pgsql_tmp.*)$/

/**
 * Copies the data folder of a running Postgres, by its own low-level backup: what changes while it is copied is put right
 * from the log when the copy is started. Nobody has to stop meanwhile. `adminUrl` is the superuser's.
 */
export async function copyPostgres(
  adminUrl: string,
  dataFolder: string,
  archive: Archive,
  into: string,
): Promise<void> {
  await withClient(adminUrl, 'backup', async (sql) => {
    // Temporary: it goes with this connection. It keeps the log that the copy needs.
    await sql`SELECT pg_create_physical_replication_slot('remit_backup', true, true)`
    const [start] = await sql<{ file: string }[]>`SELECT pg_walfile_name(pg_backup_start('remit', true)) AS file`
    await copyFolder(dataFolder, archive, into, '')
    const [stop] = await sql<{ file: string; label: string }[]>`
      SELECT pg_walfile_name(lsn) AS file, labelfile AS label FROM pg_backup_stop(false)`
    if (!start || !stop) throw new Error('Postgres did not say where the backup starts and ends')
    await archive.file(`${into}/backup_label`, wholeText(stop.label))
    for (const name of (await readdir(join(dataFolder, 'pg_wal'))).sort())
      if (/^[0-9A-F]{24}$/.test(name) && name >= start.file && name <= stop.file)
        await copyFile(join(dataFolder, 'pg_wal', name), archive, `${into}/pg_wal/${name}`)
  })
}

/** `pg_control` comes last: recovery begins from what it says. */
async function copyFolder(dataFolder: string, archive: Archive, into: string, folder: string): Promise<void> {
  const names = (await readdir(join(dataFolder, folder))).filter((name) => !leftOut.test(name))
  for (const name of names.sort((a, b) => Number(isLast(a)) - Number(isLast(b)))) {
    const path = folder === '' ? name : `${folder}/${name}`
    const found = await lstat(join(dataFolder, path)).catch(ifGone)
    if (found?.isDirectory()) {
      await archive.folder(`${into}/${path}`, 0o700)
      if (!emptied.has(path)) await copyFolder(dataFolder, archive, into, path)
      else if (path === 'pg_wal') await archive.folder(`${into}/pg_wal/archive_status`, 0o700)
    } else if (found?.isFile()) await copyFile(join(dataFolder, path), archive, `${into}/${path}`)
    else if (found)
      throw new Error(`${join(dataFolder, path)} is a link: a backup does not follow tablespaces elsewhere`)
  }
}

function isLast(name: string): boolean {
  return name === 'global' || name === 'pg_control'
}

/** Copies one file as long as it is now, unless it goes away meanwhile, as those of a dropped table do. */
export async function copyFile(path: string, archive: Archive, name: string): Promise<void> {
  const file = await open(path).catch(ifGone)
  if (!file) return
  try {
    const { size, mode } = await file.stat()
    const chunks = createReadStream('', { fd: file, autoClose: false, highWaterMark: 262_144 })
    await archive.file(name, { size, mode: mode & 0o777, chunks })
    chunks.destroy()
  } finally {
    await file.close()
  }
}

function ifGone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
