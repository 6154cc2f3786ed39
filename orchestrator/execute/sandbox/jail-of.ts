import { existsSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve, sep } from 'node:path'
import { jailSchema, type ServerManifest } from '../../../shared/manifest.ts'
import { isPacked, packageFolder } from '../../../shared/own-package.ts'
import type { Door } from '../egress/listen.ts'
import type { Launch } from '../launch.ts'
import type { Jail } from './driver.ts'

/** Where a server's jail begins: the project's root, and the folder that is the server's own. */
export interface JailPlace {
  root: string
  dataFolder: string
}

/** What of the project its servers share. */
const common = ['shared', 'node_modules', 'package.json', 'tsconfig.json']

/** Where npm put Remit, with the kit that servers stand on: not always into the project's own folder. */
const installed = isPacked ? [dirname(packageFolder)] : []

/** A launch with all that its server may do: its own code, its own folder, and what its manifest grants besides. */
export function jailOf(server: ServerManifest, launch: Launch, doors: readonly Door[], place: JailPlace): Jail {
  const { read, write, sandbox: _, ...limits } = jailSchema.parse(server.jail ?? {})
  const absolute = (path: string) => resolve(place.root, path)
  return {
    launch,
    reads: [...codeOf(launch, place.root), ...read.map(absolute)],
    writes: [place.dataFolder, ...write.map(absolute)],
    doors,
    limits,
  }
}

/** The files that the command names, with the folders that scripts lie in, and what servers of the project share. */
function codeOf({ command, args, cwd }: Launch, root: string): string[] {
  const files = args.map((word) => resolve(cwd, word)).filter(isFile)
  const below = (folder: string, path: string) => path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`)
  // A script at the root of the project must not open all of it.
  const own = files.map((file) => (below(dirname(file), `${root}${sep}`) ? file : dirname(file)))
  const shared = files.some((file) => below(root, file))
    ? [...common.map((name) => join(root, name)), ...installed]
    : []
  const program = isAbsolute(command) ? [command] : []
  return [...new Set([...program, ...own, ...shared])].filter((path) => existsSync(path))
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}
