import type { Stats } from 'node:fs'
import { lstat, opendir } from 'node:fs/promises'
import { join } from 'node:path'

const blockBytes = 512
/** An empty file takes its inode, and of those a disk has so many only. */
const leastBytes = 4_096

/**
 * What lies in these folders, in bytes on the disk. It is measured by something that may not want to be: no more than needed
 * to know that it is above the limit is looked at, and what cannot be looked into counts as more than anything.
 */
export async function sizeOnDisk(folders: readonly string[], limit: number): Promise<number> {
  const pending = [...folders]
  let size = 0
  for (let folder = pending.pop(); folder !== undefined && size <= limit; folder = pending.pop()) {
    try {
      for await (const { name } of await opendir(folder)) {
        const path = join(folder, name)
        const stat = await statOf(path)
        if (stat?.isDirectory()) pending.push(path)
        size += stat ? bytesOf(stat) : 0
        if (size > limit) break
      }
    } catch (error) {
      if (!isGone(error) && !(await isForeign(error, folder))) return Number.POSITIVE_INFINITY
    }
  }
  return size
}

/** What one file takes. */
export function bytesOf({ blocks }: Pick<Stats, 'blocks'>): number {
  return Math.max(blocks * blockBytes, leastBytes)
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path)
  } catch (error) {
    if (isGone(error)) return undefined
    throw error
  }
}

/** A granted folder may hold what is another user's, which a server of ours cannot have shut itself. */
async function isForeign(error: unknown, folder: string): Promise<boolean> {
  if ((error as NodeJS.ErrnoException).code !== 'EACCES') return false
  return (await statOf(folder))?.uid !== process.getuid?.()
}

/** It vanished meanwhile, which is nothing to hide behind. A path that is too long, or barred to us, is. */
function isGone(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')
}
