import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const prefix = 'remit-doors-'

/**
 * A new folder (0700) for the sockets of one process of a server. It lies in the system's temporary folder, because a Unix
 * socket's path may be no longer than about a hundred characters. What killed commands left there is removed.
 */
export async function makeDoorFolder(): Promise<string> {
  await removeAbandoned()
  return mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`))
}

async function removeAbandoned(): Promise<void> {
  const names = await readdir(tmpdir()).catch(() => [])
  const abandoned = names.filter((name) => {
    const pid = Number(new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1])
    return pid > 0 && !isAlive(pid)
  })
  // Another user's cannot be removed, and is not ours to remove.
  await Promise.all(abandoned.map((name) => rm(join(tmpdir(), name), { recursive: true }).catch(() => undefined)))
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
