import { chmodSync, lstatSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

/**
 * Makes the server's private folder (0700): the one the launcher named, or one per user in the temp folder. Throws where
 * that path is somebody else's, because in a shared temp folder another user can be there first.
 */
export function openDataFolder(name: string, configured: string | undefined): string {
  const uid = process.getuid?.()
  const folder = resolve(configured || join(tmpdir(), `remit-${name}-${uid ?? 'user'}`))
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const stat = lstatSync(folder)
  if (!stat.isDirectory() || (uid !== undefined && stat.uid !== uid)) {
    throw new Error(`${folder} must be a folder of the user that runs ${name}; name another in REMIT_SERVER_DATA`)
  }
  chmodSync(folder, 0o700)
  return folder
}
