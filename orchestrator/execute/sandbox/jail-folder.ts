import { once } from 'node:events'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isLeftBehind, isOfAnotherWorld, newJailName } from './jail-name.ts'

/** unix(7): a socket's path has so many bytes with its end, and four fewer on macOS. */
const longestSocketPath = process.platform === 'linux' ? 107 : 103
/** The longest name that a socket has in such a folder. */
const longestSocketName = 'door-99.sock'
/** Who answers here is the folder's owner, in whatever container it lives. */
const aliveSocket = 'alive.sock'

/**
 * A folder (0700) on the host for what one jail needs there: in the temp folder or, where the path of a socket would be too
 * long in that, in `/tmp`.
 */
export async function makeJailFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const name = newJailName()
  const path = join(placeOf(name), name)
  await mkdir(path, { mode: 0o700 })
  const alive = await answerIn(path)
  return {
    path,
    async remove() {
      alive?.close()
      await rm(path, { recursive: true, force: true })
    },
  }
}

/** Removes the folders of owners that were killed before they could. */
export async function removeLeftFolders(): Promise<void> {
  await Promise.all([...new Set([tmpdir(), shortPlace()])].map(removeLeftIn))
}

async function removeLeftIn(place: string): Promise<void> {
  const names = await readdir(place).catch(() => [])
  await Promise.all(
    names.map(async (name) => {
      const path = join(place, name)
      const isLeft = isLeftBehind(name) || (isOfAnotherWorld(name) && (await isDeserted(path)))
      if (isLeft) await rm(path, { recursive: true, force: true }).catch(() => {})
    }),
  )
}

function placeOf(name: string): string {
  const longest = join(tmpdir(), name, longestSocketName)
  return Buffer.byteLength(longest) <= longestSocketPath ? tmpdir() : shortPlace()
}

function shortPlace(): string {
  return process.platform === 'win32' ? tmpdir() : '/tmp'
}

async function answerIn(folder: string): Promise<Server | undefined> {
  // Its pipes lie in no folder, and go with their process.
  if (process.platform === 'win32') return undefined
  const server = createServer((socket) => socket.destroy()).listen(join(folder, aliveSocket))
  await once(server, 'listening')
  return server.unref()
}

/** A socket without its process refuses; one that is not there yet, or is not ours to ask, says nothing. */
async function isDeserted(folder: string): Promise<boolean> {
  const socket = connect(join(folder, aliveSocket))
  try {
    await once(socket, 'connect')
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ECONNREFUSED'
  } finally {
    socket.destroy()
  }
}
