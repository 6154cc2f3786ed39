import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

/** What npm writes for itself, and otherwise with each version of its own: at this place alone, for a package may have one, too. */
const npmsOwn = 'node_modules/.package-lock.json'

/** `sha256:<hex>` over the names and contents of all files below a folder, and where its links lead. */
export async function treeDigest(folder: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const { path, content } of filesBelow(folder, '')) hash.update(`${path}\0${content}\n`)
  return `sha256:${hash.digest('hex')}`
}

async function* filesBelow(folder: string, path: string): AsyncGenerator<{ path: string; content: string }> {
  const entries = await readdir(join(folder, path), { withFileTypes: true })
  entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const entry of entries) {
    const below = path === '' ? entry.name : `${path}/${entry.name}`
    const full = join(folder, below)
    if (entry.isDirectory()) yield* filesBelow(folder, below)
    else if (entry.isSymbolicLink()) yield { path: below, content: `link ${await readlink(full)}` }
    else if (below !== npmsOwn) yield { path: below, content: `file ${await fileDigest(full)}` }
  }
}

async function fileDigest(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
