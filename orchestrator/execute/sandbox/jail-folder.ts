import { mkdir, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isLeftBehind, newJailName } from './jail-name.ts'

/** A folder (0700) on the host for what one jail needs there. In the temp folder, because the path of a socket has to be short. */
export async function makeJailFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = join(tmpdir(), newJailName())
  await mkdir(path, { mode: 0o700 })
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

/** Removes the folders of owners that were killed before they could. */
export async function removeLeftFolders(): Promise<void> {
  const names = await readdir(tmpdir()).catch(() => [])
  await Promise.all(
    names
      .filter(isLeftBehind)
      .map((name) => rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => {})),
  )
}
