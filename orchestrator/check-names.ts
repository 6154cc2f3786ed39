import type { Issue } from '../shared/failure.ts'
import { formatPointer } from '../shared/json-pointer.ts'
import type { ServerManifest } from '../shared/manifest.ts'
import { didYouMean } from '../shared/nearest-name.ts'
import { type Config, ConfigError } from './config.ts'
import type { Catalogue } from './model/catalogue.ts'

/**
 * Throws {@link ConfigError} with every name in the configuration that the reviewed manifest does not have: what is chosen
 * for a server that does not exist reaches nobody, and nobody would notice. And with every server that is to run in several
 * instances without being made for it: what one did another would not know of, and do again.
 */
export function checkNames(config: Config, catalogue: Catalogue): void {
  const issues = [...Object.keys(config.servers).flatMap((name) => slots(name, config, catalogue))]
  if (issues.length === 0) return
  const lines = issues.map(({ path, message }) => `  ${path} ${message}`)
  throw new ConfigError(`The configuration (${config.file}) is refused:\n${lines.join('\n')}`)
}

function slots(name: string, { servers }: Config, catalogue: Catalogue): Issue[] {
  const manifest = catalogue.servers.get(name)
  const configured = servers[name]
  // One logs in at a stranger's server before it is added: it may tell nothing of itself to nobody.
  if (!manifest && configured?.oauth) return []
  if (!manifest || !configured) return unknown(['servers', name], 'server', name, catalogue.servers.keys())
  return [...instances(name, configured.url, manifest), ...unknownSlots(name, configured, manifest)]
}

function instances(name: string, url: readonly string[] = [], manifest: ServerManifest): Issue[] {
  if (url.length < 2 || manifest.instances === 'many') return []
  const message = `names ${url.length} instances; ${name} keeps what it did in a folder of its own, so name one`
  return [{ path: formatPointer(['servers', name, 'url']), message }]
}

function unknownSlots(name: string, configured: Config['servers'][string], manifest: ServerManifest): Issue[] {
  return (['endpoints', 'credentials', 'settings'] as const).flatMap((kind) =>
    Object.keys(configured[kind]).flatMap((slot) =>
      unknown(['servers', name, kind, slot], kind.slice(0, -1), slot, Object.keys(manifest[kind])),
    ),
  )
}

function unknown(at: (string | number)[], what: string, name: string, known: Iterable<string>): Issue[] {
  const names = [...known]
  if (names.includes(name)) return []
  const near = didYouMean(name, names)
  const choices = near === '' && names.length > 0 && names.length < 20 ? `; it has ${names.join(', ')}` : near
  return [{ path: formatPointer(at), message: `names no ${what} of the manifest${choices}` }]
}
