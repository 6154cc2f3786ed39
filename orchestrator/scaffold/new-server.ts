import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { codeFolder } from '../../shared/own-package.ts'
import { readFolder, writeFiles } from './folder-files.ts'
import { renderServer } from './render-server.ts'
import { ScaffoldError } from './scaffold-error.ts'
import type { ServerNames } from './server-names.ts'

/** Makes `servers/<name>` in a project; returns its files. Throws {@link ScaffoldError} where there is such a folder already. */
export function newServer(project: string, names: ServerNames): string[] {
  const folder = join(project, 'servers', names.name)
  if (existsSync(folder)) throw new ScaffoldError(`${folder} is there already; choose another name, or remove it first`)
  const template = readFolder(join(codeFolder, 'templates', 'server'))
  const files = renderServer(template, names, project === codeFolder ? 'checkout' : 'package')
  writeFiles(folder, files)
  return [...files.keys()]
}
