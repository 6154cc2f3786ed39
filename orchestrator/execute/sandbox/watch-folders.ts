import { stat } from 'node:fs/promises'
import { sizeOfNameless } from './nameless-files.ts'
import { sizeOnDisk } from './size-on-disk.ts'

const lookEveryMs = 1_000

/** What is looked after: folders on the host, and the first process of those that write there. */
export interface WatchedFolders {
  /** Its own: all that lies there counts. */
  own: readonly string[]
  /** Granted to it: what is added counts. One that cannot be looked into at first is not counted. */
  granted: readonly string[]
  pid: number
  mostMebibytes: number
}

/**
 * Looks from time to time at what lies in folders on the host, and ends a jail that fills them. Of a folder that was granted
 * to it counts what is added, of its own folder all. Returns what stops looking.
 */
export function watchFolders(
  { own, granted, pid, mostMebibytes }: WatchedFolders,
  kill: (why: string) => void,
): () => Promise<void> {
  const most = mostMebibytes * 1_024 * 1_024
  let over = false
  let timer: NodeJS.Timeout | undefined
  const before = sizeOnDisk(granted, Number.POSITIVE_INFINITY)
  const look = async () => {
    const start = await before
    const kept = (await sizeOnDisk(own, most)) + (await sizeOfNameless(pid, await devicesOf([...own, ...granted])))
    const added = Number.isFinite(start) ? Math.max(0, (await sizeOnDisk(granted, start + most)) - start) : 0
    if (over) return
    if (kept + added > most) return kill(`wrote more than ${mostMebibytes} MiB to its folders`)
    timer = setTimeout(() => void look(), lookEveryMs).unref()
  }
  timer = setTimeout(() => void look(), lookEveryMs).unref()
  return async () => {
    over = true
    clearTimeout(timer)
  }
}

async function devicesOf(folders: readonly string[]): Promise<Set<number>> {
  const stats = await Promise.all(folders.map((folder) => stat(folder).catch(() => undefined)))
  return new Set(stats.flatMap((found) => (found ? [found.dev] : [])))
}
