import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { isJsonObject, type JsonObject } from '../../shared/json.ts'
import { codeFolder, packageFolder } from '../../shared/own-package.ts'
import { inTheWay, readFolder, writeFiles } from './folder-files.ts'
import { newServer } from './new-server.ts'
import { type OwnPackage, projectPackage } from './project-package.ts'
import { ScaffoldError } from './scaffold-error.ts'
import { serverNames } from './server-names.ts'

/**
 * Makes a project in a folder: configuration, policy, a goal, and the server that it needs. A `package.json` that is there
 * is added to. Throws {@link ScaffoldError} where anything else is there already; nothing is written then.
 */
export function initProject(folder: string): void {
  const name = packageName(folder)
  const template = readFolder(join(codeFolder, 'templates', 'project'))
  const files = new Map([...template].map(([path, text]) => [hidden(path), text.replaceAll('my-project', name)]))
  const example = serverNames('guestbook', { thing: 'guest' })
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === false)
    throw new ScaffoldError(`${folder} is no folder: name another one`)
  const there = inTheWay(folder, [...files.keys(), `servers/${example.name}`])
  if (there.length > 0)
    throw new ScaffoldError(`${folder} holds ${there.join(', ')} already: make the project in another folder`)
  const described = projectPackage(name, ownPackage(), packageOf(folder))
  mkdirSync(folder, { recursive: true })
  writeFiles(folder, files)
  newServer(folder, example)
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(described, null, 2)}\n`)
}

/** Files that would mean something where the templates lie have a `_` before their names there. */
function hidden(path: string): string {
  return path.replace(/(^|\/)_gitignore$/, '$1.gitignore').replace(/(^|\/)_/, '$1')
}

/** A folder's name, as npm takes it; nothing depends on a package of its own name. */
function packageName(folder: string): string {
  const name = basename(folder)
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
  return name === 'remit' ? 'my-remit' : name || 'my-project'
}

function ownPackage(): OwnPackage {
  return JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as OwnPackage
}

function packageOf(folder: string): JsonObject {
  const file = join(folder, 'package.json')
  if (!existsSync(file)) return {}
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (isJsonObject(parsed)) return parsed
  } catch {
    // Said below, as of any other text.
  }
  throw new ScaffoldError(`${file} is not a JSON object: mend it first`)
}
