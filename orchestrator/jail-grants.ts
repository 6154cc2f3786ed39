import { existsSync, statSync } from 'node:fs'
import { dirname, isAbsolute, relative, resolve } from 'node:path'
import { isJsonObject } from '../shared/json.ts'
import { type JailManifest, jailSchema } from '../shared/manifest.ts'
import { InputError } from './cli/remit.ts'
import type { ServerWish } from './cli/servers/server-wish.ts'
import type { Config } from './config.ts'

/** Folders that the server is started with, absolute, for it runs in a folder of its own. */
export function foldersAmong(args: readonly string[], from: string): { args: string[]; granted: string[] } {
  const granted: string[] = []
  const placed = args.map((arg) => {
    const path = resolve(from, arg)
    if (!/[\\/.]/.test(arg) || !statSync(path, { throwIfNoEntry: false })?.isDirectory()) return arg
    granted.push(path)
    return path
  })
  return { args: placed, granted }
}

/** What its jail lets it read and write. Throws {@link InputError} for a folder in which Remit's own secrets lie. */
export function grantsOf(
  config: Pick<Config, 'home' | 'configHome' | 'file' | 'root' | 'invocationFolder'>,
  wish: Pick<ServerWish, 'read' | 'write' | 'given'>,
  folders: readonly string[],
): JailManifest {
  const placed = (path: string) => existing(resolve(config.invocationFolder, path))
  const read = wish.read.map(placed)
  const within = (folder: string, path: string) => {
    const below = relative(folder, path)
    return below === '' || !(below.startsWith('..') || isAbsolute(below))
  }
  const write = [...wish.write.map(placed), ...folders.filter((path) => !read.some((other) => within(other, path)))]
  const own = [config.home, config.configHome, config.file, config.root]
  for (const path of [...read, ...write]) {
    const [holds] = own.filter((each) => within(path, each))
    if (holds !== undefined)
      throw new InputError(`${path} holds ${holds}, which no server may reach: grant a folder of its own`)
    if (within(config.home, path))
      throw new InputError(`${path} lies in REMIT_HOME, which no server may reach: grant a folder of its own`)
  }
  const given = isJsonObject(wish.given) && isJsonObject(wish.given.jail) ? wish.given.jail : {}
  const jail = jailSchema.parse(given)
  return { ...jail, read: [...jail.read, ...read], write: [...jail.write, ...write] }
}

/** The path. Throws {@link InputError} where nothing is there. */
export function existing(path: string): string {
  if (existsSync(path)) return path
  throw new InputError(`There is no ${path}${existsSync(dirname(path)) ? '' : `, and no ${dirname(path)}`}`)
}
