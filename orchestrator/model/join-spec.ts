import { isJsonObject, type Json, type JsonObject } from '../../shared/json.ts'
import type { CredentialReference } from './joined-server.ts'
import { secretAmong, secretInUrl } from './written-secret.ts'

/** Where a stranger's server is to come from. */
export type JoinSource =
  | { from: 'npm'; name: string; version?: string }
  /** An archive as `npm pack` makes it. */
  | { from: 'archive'; path: string }
  | { from: 'url'; url: string }
  | { from: 'command'; command: string[] }

/** What is said of a server that is to join, beside where it comes from. */
export interface JoinWish {
  source: JoinSource
  /** What it is started with. */
  args: string[]
  credentials: Record<string, CredentialReference>
}

/** A text that names no server, or an entry of a host that cannot be taken over. */
export class JoinSpecError extends Error {
  override readonly name = 'JoinSpecError'
}

const packageName = /^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/

/** `npm:NAME[@VERSION]`, `npm:file:ARCHIVE.tgz` or an URL; undefined for anything else, such as the path of a file. */
export function parseSource(text: string): JoinSource | undefined {
  if (/^https?:\/\//.test(text)) return { from: 'url', url: withoutSecret('the URL', text) }
  if (!text.startsWith('npm:')) return undefined
  const spec = text.slice('npm:'.length)
  if (/^(file:|\.{0,2}\/)/.test(spec) || spec.endsWith('.tgz')) return archive(spec.replace(/^file:(\/\/)?/, ''))
  const at = spec.indexOf('@', 1)
  const [name, version] = at < 0 ? [spec] : [spec.slice(0, at), spec.slice(at + 1)]
  if (!packageName.test(name))
    throw new JoinSpecError(`${text}: "${name}" is no name of a package: npm:@scope/name@1.2.3`)
  if (version !== undefined && !/^[\w.^~+-]+$/.test(version))
    throw new JoinSpecError(`${text}: "${version}" is no version: npm:${name}@1.2.3`)
  return { from: 'npm', name, ...(version !== undefined && { version }) }
}

function archive(path: string): JoinSource {
  if (/\.(tgz|tar\.gz)$/.test(path)) return { from: 'archive', path }
  throw new JoinSpecError(
    `npm:${path}: it must be an archive as "npm pack" makes it: what lies in a folder cannot be pinned`,
  )
}

/** The servers of a host's own configuration, by name: of `mcpServers` (most hosts) or `servers` (VS Code). */
export function hostEntries(document: Json): Record<string, JsonObject> {
  const servers = isJsonObject(document) ? (document.mcpServers ?? document.servers) : undefined
  if (!isJsonObject(servers)) throw new JoinSpecError('it has no /mcpServers, and no /servers, that is an object')
  return Object.fromEntries(
    Object.entries(servers).filter((entry): entry is [string, JsonObject] => isJsonObject(entry[1])),
  )
}

/**
 * What a host's entry asks for. No value of its environment or headers is taken over: each variable becomes a slot, and a
 * reference to the variable of that name, or of the name that the entry itself refers to.
 */
export function fromHostEntry(entry: JsonObject): JoinWish {
  const { command, url, args = [], env = {}, headers = {} } = entry
  if (!Array.isArray(args) || !args.every((arg) => typeof arg === 'string'))
    throw new JoinSpecError('/args must be a list of texts')
  if (!isJsonObject(env) || !isJsonObject(headers)) throw new JoinSpecError('/env and /headers must be objects')
  if (typeof url === 'string') return fromUrl(url, headers)
  if (typeof command !== 'string') throw new JoinSpecError('it has neither a /command nor a /url that is a text')
  refuseReferences(args as string[])
  refuseSecrets(args as string[], (index) => `/args/${index}`)
  const credentials = Object.fromEntries(
    Object.entries(env).map(([name, value]) => [slotOf(name), { env: referredTo(value) ?? name }]),
  )
  const packaged = npxPackage(command, args as string[])
  if (packaged) return { ...packaged, credentials }
  return { source: { from: 'command', command: [command] }, args: args as string[], credentials }
}

function fromUrl(url: string, headers: JsonObject): JoinWish {
  const names = Object.keys(headers)
  const [other] = names.filter((name) => name.toLowerCase() !== 'authorization')
  if (other !== undefined)
    throw new JoinSpecError(`/headers/${other} cannot be taken over: only a bearer token in Authorization can be sent`)
  const [authorization] = names
  const credentials: Record<string, CredentialReference> =
    authorization === undefined ? {} : { TOKEN: { env: referredTo(headers[authorization]) ?? 'TOKEN' } }
  return { source: { from: 'url', url: withoutSecret('/url', url) }, args: [], credentials }
}

/** `npx -y @scope/name@1.2.3 ARGUMENT…` is a package, which can be pinned. */
function npxPackage(command: string, args: readonly string[]): Omit<JoinWish, 'credentials'> | undefined {
  if (!/(^|[\\/])npx(\.cmd)?$/.test(command)) return undefined
  const at = args.findIndex((word) => !/^(-y|--yes|-q|--quiet)$/.test(word))
  const [word, ...rest] = args.slice(at < 0 ? args.length : at)
  const source = word === undefined || word.startsWith('-') ? undefined : parseSource(`npm:${word}`)
  if (!source)
    throw new JoinSpecError(`/args names no package for npx: only "npx -y NAME[@VERSION] ARGUMENT…" can be taken over`)
  return { source, args: rest }
}

/** A host fills those in from what it asked a person. */
function refuseReferences(args: readonly string[]): void {
  const index = args.findIndex((arg) => /\$\{[^}]*\}/.test(arg))
  if (index >= 0) throw new JoinSpecError(`/args/${index} holds a \${…} that only its host can fill in: add it by hand`)
}

/** Throws {@link JoinSpecError} for what would stand in `servers.json`, which is versioned; its value is not repeated. */
export function refuseSecrets(args: readonly string[], placeOf: (index: number) => string): void {
  const index = secretAmong(args)
  if (index !== undefined) throw new JoinSpecError(`${placeOf(index)} seems to be a credential: ${notWritten}`)
}

function withoutSecret(place: string, url: string): string {
  const what = secretInUrl(url)
  if (what === undefined) return url
  throw new JoinSpecError(`${place} seems to hold a credential, ${what}: ${notWritten}`)
}

const notWritten = 'values are not written down; leave it out, and name a slot for it with --credential SLOT'

/** `${API_KEY}`, `${env:API_KEY}` and `${input:api-key}` say where the value comes from; any other value is not looked at. */
function referredTo(value: Json | undefined): string | undefined {
  const found = typeof value === 'string' ? /^(?:Bearer )?\$\{(?:env:|input:)?([\w-]+)\}$/.exec(value)?.[1] : undefined
  return found?.toUpperCase().replaceAll('-', '_')
}

function slotOf(variable: string): string {
  if (/^[A-Z][A-Z0-9_]*$/.test(variable)) return variable
  throw new JoinSpecError(`/env/${variable} cannot be a slot: it must be of capital letters, digits and "_"`)
}
