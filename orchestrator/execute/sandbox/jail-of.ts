import { existsSync, statSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, isAbsolute, join, resolve, sep } from 'node:path'
import { jailSchema, type ServerManifest } from '../../../shared/manifest.ts'
import { isPacked, packageFolder } from '../../../shared/own-package.ts'
import type { Door } from '../egress/listen.ts'
import type { Launch } from '../launch.ts'
import { installedFolderOf } from '../packages/package-store.ts'
import { checkGrants } from './check-grants.ts'
import type { Jail } from './driver.ts'

/** Where a server's jail begins: the project's root, REMIT_HOME, and the folder that is the server's own. */
export interface JailPlace {
  root: string
  kept: string
  dataFolder: string
}

/** What of the project its servers share. */
const common = ['shared', 'node_modules', 'package.json', 'tsconfig.json']

/** Where npm put Remit, with the kit that servers stand on: not always into the project's own folder. */
const installed = isPacked ? [dirname(packageFolder)] : []

/** A launch with all that its server may do: its own code, its own folder, and what its manifest grants besides. Throws a JailError where nobody may grant that. */
export function jailOf(
  server: Pick<ServerManifest, 'jail'>,
  launch: Launch,
  doors: readonly Door[],
  place: JailPlace,
): Jail {
  const { read, write, sandbox: _, ...limits } = jailSchema.parse(server.jail ?? {})
  const absolute = (path: string) => resolve(place.root, path)
  const granted = { read: read.map(absolute), write: write.map(absolute) }
  checkGrants(granted, place)
  return {
    launch,
    reads: [...codeOf(launch, place), ...granted.read],
    writes: [place.dataFolder, ...granted.write],
    doors,
    limits,
  }
}

/** The files that the command names, the folder of the first of them or the package it is of, and what servers of the project share. */
function codeOf({ command, args, cwd }: Launch, { root, kept }: Pick<JailPlace, 'root' | 'kept'>): string[] {
  const files = args.map((word) => resolve(cwd, word)).filter(isFile)
  // A script that lies beside the project, or beside what a person keeps, must not open all of that.
  const [script, ...named] = files.map((file, index) =>
    index > 0 || holdsMore(dirname(file), root) ? file : (installedFolderOf(kept, file) ?? dirname(file)),
  )
  const shared = files.some((file) => isBelow(root, file))
    ? [...common.map((name) => join(root, name)), ...installed]
    : []
  const program = isAbsolute(command) ? [command] : []
  return [...new Set([...program, ...(script === undefined ? [] : [script]), ...named, ...shared])].filter((path) =>
    existsSync(path),
  )
}

/** Whether a folder is no server's own: the project, a home, what the system keeps, or one with such a folder in it. */
function holdsMore(folder: string, root: string): boolean {
  return [root, homedir(), tmpdir(), '/etc', '/root', '/var/lib'].some((kept) => isBelow(folder, `${kept}${sep}`))
}

function isBelow(folder: string, path: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`)
}

/** A word of a command need not be a path at all. */
function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
  } catch {
    return false
  }
}
