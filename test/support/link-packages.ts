import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
} from 'node:fs'
import { join } from 'node:path'
import { root } from './remit-command.ts'

interface Locked {
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
}

const modules = 'node_modules'

/**
 * Puts packages that are installed here, with all that they need, into another folder's `node_modules`, as npm would have
 * left them there: so npm, started there, finds everything and asks no registry. Nothing of it is to be changed in place.
 */
export function linkPackages(names: readonly string[], folder: string): void {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Locked>
  }
  const places = closure(names, packages)
  // What lies in another package's folder comes with that.
  const missing = places.filter((path) => path.lastIndexOf(`${modules}/`) === 0 && !existsSync(join(folder, path)))
  for (const place of missing) linkTree(join(root, place), join(folder, place))
  linkPrograms(folder)
}

function closure(names: readonly string[], packages: Record<string, Locked>): string[] {
  const found = new Set<string>()
  const visit = (name: string, from: string): void => {
    const place = resolve(name, from, packages)
    if (place === undefined || found.has(place) || !existsSync(join(root, place))) return
    found.add(place)
    const { dependencies, optionalDependencies, peerDependencies } = packages[place] ?? {}
    for (const needed of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }))
      visit(needed, place)
  }
  for (const name of names) visit(name, '')
  return [...found]
}

/** Where Node finds a package from another's folder: the nearest `node_modules` above that has it. */
function resolve(name: string, from: string, packages: Record<string, Locked>): string | undefined {
  const place = join(from, modules, name)
  if (place in packages) return place
  if (from === '') return undefined
  const above = from.slice(0, from.lastIndexOf(`${modules}/`)).replace(/\/$/, '')
  return resolve(name, above, packages)
}

function linkTree(from: string, to: string): void {
  mkdirSync(to, { recursive: true })
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) linkTree(source, target)
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target)
    else linkFile(source, target)
  }
}

/** Temporary folders may lie on another disk. */
function linkFile(from: string, to: string): void {
  try {
    linkSync(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error
    copyFileSync(from, to)
  }
}

function linkPrograms(folder: string): void {
  const [here, there] = [join(root, modules, '.bin'), join(folder, modules, '.bin')]
  mkdirSync(there, { recursive: true })
  for (const name of readdirSync(here)) {
    const target = readlinkSync(join(here, name))
    const isThere = existsSync(join(there, target))
    if (isThere && !existsSync(join(there, name))) symlinkSync(target, join(there, name))
  }
}
