import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { type ParseError, parse as parseJsonc, printParseErrorCode } from 'jsonc-parser'
import { parse as parseYaml } from 'yaml'
import { isJsonObject, type Json, type JsonObject } from '../../../shared/json.ts'
import { didYouMean } from '../../../shared/nearest-name.ts'
import {
  fromHostEntry,
  hostEntries,
  JoinSpecError,
  type JoinWish,
  parseSource,
  refuseSecrets,
} from '../../model/join-spec.ts'
import type { CredentialReference } from '../../model/joined-server.ts'
import { InputError } from '../remit.ts'
import { type Granted, refusedInFile, withoutGrants } from './asked-in-file.ts'
import type { ServerWish } from './server-wish.ts'

export interface WishOptions {
  from?: string
  name?: string
  credential: Record<string, CredentialReference>
  read: string[]
  write: string[]
  egress: string[]
  overlay?: string
}

/**
 * What a person asks for with `remit servers add`: a package, a URL, a file that describes a server, or with `--from` an
 * entry of a host's configuration. Throws {@link InputError} for what cannot be read.
 */
export function readWish(spec: string | undefined, args: string[], options: WishOptions, folder: string): ServerWish {
  const { from, name, credential, read, write, egress, overlay } = options
  const base = from === undefined ? wishOf(spec, args, options, folder) : fromHost(fileIn(folder, from), spec)
  if (from !== undefined && args.length > 0)
    throw new InputError('The arguments are in the configuration of the host: leave them out after --from')
  return {
    ...base,
    ...(name !== undefined && { name }),
    credentials: { ...base.credentials, ...credential },
    read,
    write,
    egress,
    ...(overlay !== undefined && { overlay: readDocument(fileIn(folder, overlay)) }),
  }
}

type Base = JoinWish & Pick<ServerWish, 'name' | 'given'>

function wishOf(spec: string | undefined, args: string[], granted: Granted, folder: string): Base {
  if (spec === undefined)
    throw new InputError('Say which server: npm:NAME, an https URL, a file that describes one, or --from FILE')
  const source = orRefuse(nameless(spec), () => parseSource(spec))
  orRefuse(nameless(spec), () => refuseSecrets(args, (index) => `argument ${index + 1} after --`))
  if (source) return { source, args, credentials: {} }
  return fromManifest(fileIn(folder, spec), args, granted, folder)
}

/** A file as `servers/manifest.json` has it for each server; what its tools are, the server tells. */
function fromManifest(file: string, args: string[], granted: Granted, folder: string): Base {
  const document = readDocument(file)
  const described = isJsonObject(document) && Array.isArray(document.servers) ? document.servers : [document]
  const [given, another] = described
  if (!isJsonObject(given) || another !== undefined)
    throw new InputError(`${file} must describe one server: an object with a name, and a command or a remote`)
  const refused = refusedInFile(given, granted, folder)
  if (refused.length > 0) throw new InputError(`${file} asks for what it cannot have`, refused)
  const { command, remote, credentials, ...more } = given
  const rest = { ...withoutGrants(more), ...(isJsonObject(credentials) && { credentials }) }
  const slots = isJsonObject(credentials) ? Object.keys(credentials) : []
  const named = Object.fromEntries(slots.map((slot): [string, CredentialReference] => [slot, { env: slot }]))
  if (isJsonObject(remote) && typeof remote.url === 'string') {
    const { source } = orRefuse(`${file}, /remote`, () => fromHostEntry({ url: remote.url as string }))
    return { source, args: [], credentials: named, given: rest }
  }
  if (!Array.isArray(command) || command.length === 0 || !command.every((word) => typeof word === 'string'))
    throw new InputError(`${file}: /command must be a list of texts, where there is no /remote`)
  const [program = '', ...words] = command as string[]
  const wish = orRefuse(file, () => fromHostEntry({ command: program, args: words }))
  return { ...wish, args: [...wish.args, ...args], credentials: named, given: rest }
}

function fromHost(file: string, wanted: string | undefined): Base {
  const document = readHostFile(file)
  const entries = orRefuse(file, () => hostEntries(document))
  const names = Object.keys(entries)
  const [only, another] = names
  const name = wanted ?? (another === undefined ? only : undefined)
  if (name === undefined)
    throw new InputError(
      names.length === 0 ? `${file} has no server` : `Which of them? ${file} has ${names.join(', ')}`,
    )
  const entry = Object.hasOwn(entries, name) ? entries[name] : undefined
  if (!entry)
    throw new InputError(`${file} has no server ${name}${didYouMean(name, names) || `; it has ${names.join(', ')}`}`)
  return { ...orRefuse(`${file}, ${name}`, () => fromHostEntry(entry)), name: plain(name) }
}

/** What is said of an URL that is refused for what it holds. */
function nameless(spec: string): string {
  return URL.parse(spec)?.host || spec
}

/** Hosts take any name. */
function plain(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
}

/** `SLOT`, `SLOT=env:NAME` or `SLOT=file:PATH`, for an option that may come often. */
export function credentialOption(
  text: string,
  before: Record<string, CredentialReference>,
): Record<string, CredentialReference> {
  const found = /^([A-Z][A-Z0-9_]*)(?:=(env|file):(.+))?$/.exec(text)
  if (!found)
    throw new InputError(
      `--credential ${text.split('=')[0]}: it must be SLOT, SLOT=env:NAME or SLOT=file:PATH; values are not written down`,
    )
  const [, slot = '', kind, where = slot] = found
  return { ...before, [slot]: kind === 'file' ? { file: resolve(where) } : { env: where } }
}

function fileIn(folder: string, path: string): string {
  return path.startsWith('~/') ? join(homedir(), path.slice(2)) : resolve(folder, path)
}

/** Hosts allow comments, and commas at the end. What is broken is not half read. */
function readHostFile(file: string): Json {
  const text = read(file)
  const errors: ParseError[] = []
  const document = parseJsonc(text, errors, { allowTrailingComma: true }) as Json
  const [first] = errors
  if (!first) return document
  const line = text.slice(0, first.offset).split('\n').length
  throw new InputError(`${file} is no JSON: line ${line}, ${printParseErrorCode(first.error)}`)
}

function readDocument(file: string): Json {
  const text = read(file)
  try {
    return parseYaml(text) as JsonObject
  } catch (error) {
    throw new InputError(
      `${file} is neither JSON nor YAML: ${error instanceof Error ? error.message.split('\n')[0] : ''}`,
    )
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new InputError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
}

function orRefuse<Result>(what: string, work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof JoinSpecError)) throw error
    throw new InputError(error.message.startsWith(what) ? error.message : `${what}: ${error.message}`)
  }
}
