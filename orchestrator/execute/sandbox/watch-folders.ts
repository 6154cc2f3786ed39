import { stat } from 'node:fs/promises'
import { sizeOfNameless } from './nameless-files.ts'
import { sizeOnDisk } from './size-on-disk.ts'

const lookEveryMs = 1_000

/** What is looked after: folders on the host, and the first process of those that write there. */
export interface WatchedFolders {
  folders: readonly string[]
  pid: number
  mostMebibytes: number
}

/** Looks from time to time at what lies in folders on the host, and ends a jail that fills them. Returns what stops looking. */
export function watchFolders(
  { folders, pid, mostMebibytes }: WatchedFolders,
  kill: (why: string) => void,
): () => Promise<void> {
  const most = mostMebibytes * 1_024 * 1_024
  let over = false
  let timer: NodeJS.Timeout | undefined
  const look = async () => {
    const size = (await sizeOnDisk(folders, most)) + (await sizeOfNameless(pid, await devicesOf(folders)))
    if (over) return
    if (size > most) return kill(`wrote more than ${mostMebibytes} MiB to its folders`)
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
