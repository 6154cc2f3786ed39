import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

const lookEveryMs = 1_000
const blockBytes = 512

/** Looks from time to time at what lies in folders on the host, and ends a jail that fills them. Returns what stops looking. */
export function watchFolders(
  folders: readonly string[],
  mostMebibytes: number,
  kill: (why: string) => void,
): () => Promise<void> {
  let over = false
  let timer: NodeJS.Timeout | undefined
  const look = async () => {
    const sizes = await Promise.all(folders.map(sizeOf))
    if (over) return
    if (sizes.reduce((sum, size) => sum + size, 0) > mostMebibytes * 1_024 * 1_024)
      return kill(`wrote more than ${mostMebibytes} MiB to its folders`)
    timer = setTimeout(() => void look(), lookEveryMs).unref()
  }
  timer = setTimeout(() => void look(), lookEveryMs).unref()
  return async () => {
    over = true
    clearTimeout(timer)
  }
}

/** What lies there, in bytes on the disk; what vanishes meanwhile counts nothing. */
async function sizeOf(path: string): Promise<number> {
  const stat = await lstat(path).catch(() => undefined)
  if (!stat) return 0
  if (!stat.isDirectory()) return stat.blocks * blockBytes
  const names = await readdir(path).catch(() => [])
  const sizes = await Promise.all(names.map((name) => sizeOf(join(path, name))))
  return sizes.reduce((sum, size) => sum + size, 0)
}
