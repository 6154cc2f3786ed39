import { randomBytes } from 'node:crypto'
import { link, readFile, rm, writeFile } from 'node:fs/promises'

/** The content of a key file (0600), made with `make` when it is not there yet; two commands at once get the same. */
export async function keyFile(path: string, make: () => Buffer): Promise<Buffer> {
  const found = await readOrNone(path)
  if (found) return found
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  await writeFile(draft, make(), { mode: 0o600 })
  // A link, unlike a rename, never replaces a key that another command has put there.
  await link(draft, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  await rm(draft)
  return readFile(path)
}

async function readOrNone(path: string): Promise<Buffer | undefined> {
  return readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
}
