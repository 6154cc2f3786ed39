import { join, sep } from 'node:path'
import { JailError } from './jail-error.ts'

/** Folders that a manifest asks for, absolute. */
export interface Grants {
  read: readonly string[]
  write: readonly string[]
}

/** Of the project: what runs outside of every jail, or before the next server does. */
const code = ['orchestrator', 'shared', 'servers', 'node_modules', 'scripts', 'drizzle', 'package.json']

/**
 * Throws a {@link JailError} for what no manifest can grant, whoever reviewed it: what Remit keeps, its own code for writing,
 * and a path that the server could bend to lead elsewhere, because it may write what that path goes through.
 */
export function checkGrants({ read, write }: Grants, { root, kept }: { root: string; kept: string }): void {
  const all = [...read.map((path) => ({ path, verb: 'read' })), ...write.map((path) => ({ path, verb: 'write' }))]
  for (const { path, verb } of all) {
    const asks = `its manifest asks to ${verb} ${path}`
    if (overlap(path, kept)) throw new JailError(`${asks}, and no server may see what Remit keeps in ${kept}`)
    const bent = write.find((folder) => isWithin(path, folder))
    if (bent !== undefined) throw new JailError(`${asks}, which lies in ${bent} and is granted with it: leave it out`)
  }
  for (const path of write) {
    if (code.some((name) => overlap(path, join(root, name))))
      throw new JailError(`its manifest asks to write ${path}, where Remit's own code lies`)
  }
}

/** Whether the one lies in the other, or is the same. */
function overlap(one: string, other: string): boolean {
  return one === other || isWithin(one, other) || isWithin(other, one)
}

function isWithin(path: string, folder: string): boolean {
  return path !== folder && path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`)
}
