import { readdir, readFile, readlink, stat } from 'node:fs/promises'
import { bytesOf } from './size-on-disk.ts'

/** proc(5): what the kernel writes behind the name that a file had. */
const nameless = ' (deleted)'

/**
 * What a process and all that came of it hold open without its having a name any more, in bytes on these devices: no folder
 * shows it. Only Linux tells; elsewhere it is nothing.
 */
export async function sizeOfNameless(root: number, devices: ReadonlySet<number>): Promise<number> {
  if (process.platform !== 'linux') return 0
  const found = new Map<string, number>()
  for (const pid of await descendantsOf(root)) {
    const folder = `/proc/${pid}/fd`
    for (const descriptor of await readdir(folder).catch(() => [])) {
      const path = `${folder}/${descriptor}`
      const target = await readlink(path).catch(() => '')
      if (!target.endsWith(nameless)) continue
      const file = await stat(path).catch(() => undefined)
      if (file?.isFile() && file.nlink === 0 && devices.has(file.dev))
        found.set(`${file.dev} ${file.ino}`, bytesOf(file))
    }
  }
  return found.values().reduce((sum, size) => sum + size, 0)
}

/** The process itself is the first of them. */
async function descendantsOf(root: number): Promise<number[]> {
  const found = [root]
  for (const pid of found) {
    for (const task of await readdir(`/proc/${pid}/task`).catch(() => [])) {
      const children = await readFile(`/proc/${pid}/task/${task}/children`, 'utf8').catch(() => '')
      found.push(...children.split(' ').filter(Boolean).map(Number))
    }
  }
  return found
}
