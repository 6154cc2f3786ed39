import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

const lookEveryMs = 1_000
const blockBytes = 512

/**
 * Looks from time to time at what lies in folders on the host, and ends a jail that fills them. Of a folder that was granted
 * to it counts what is added, of its own folder all. Returns what stops looking.
 */
export function watchFolders(
  { own, granted }: { own: readonly string[]; granted: readonly string[] },
  mostMebibytes: number,
  kill: (why: string) => void,
): () => Promise<void> {
  let over = false
  let timer: NodeJS.Timeout | undefined
  const before = sizesOf(granted)
  const look = async () => {
    const added = Math.max(0, (await sizesOf(granted)) - (await before))
    const kept = await sizesOf(own)
    if (over) return
    if (kept + added > mostMebibytes * 1_024 * 1_024) return kill(`wrote more than ${mostMebibytes} MiB to its folders`)
    timer = setTimeout(() => void look(), lookEveryMs).unref()
  }
  timer = setTimeout(() => void look(), lookEveryMs).unref()
  return async () => {
    over = true
    clearTimeout(timer)
  }
}

async function sizesOf(paths: readonly string[]): Promise<number> {
  const sizes = await Promise.all(paths.map(sizeOf))
  return sizes.reduce((sum, size) => sum + size, 0)
}

/** What lies there, in bytes on the disk; what vanishes meanwhile counts nothing. */
async function sizeOf(path: string): Promise<number> {
  const stat = await lstat(path).catch(() => undefined)
  if (!stat) return 0
  if (!stat.isDirectory()) return stat.blocks * blockBytes
  const names = await readdir(path).catch(() => [])
  return sizesOf(names.map((name) => join(path, name)))
}
