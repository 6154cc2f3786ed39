import { existsSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import type { Issue } from '../shared/failure.ts'
import { isJsonObject, type Json } from '../shared/json.ts'
import { formatPointer } from '../shared/json-pointer.ts'
import { type ServerManifest, serverManifestSchema } from '../shared/manifest.ts'
import { InputError } from './cli/remit.ts'
import type { JoinProposal, ServerWish } from './cli/servers/server-wish.ts'
import { type Config, ConfigError } from './config.ts'
import { type InstalledPackage, installLocked, installPackage } from './execute/packages/install-package.ts'
import { lockDigest } from './execute/packages/lockfile.ts'
import { openPackageStore, PackageError } from './execute/packages/package-store.ts'
import { checkSlots } from './go-live.ts'
import { existing, foldersAmong, grantsOf } from './jail-grants.ts'
import { keepJoined, readJoined, readLock } from './joined-files.ts'
import { effectiveManifest } from './load-catalogue.ts'
import { type Catalogue, CatalogueError, catalogueOf } from './model/catalogue.ts'
import { draft } from './model/event.ts'
import { type JoinedOrigin, type JoinedServer, packageFolder } from './model/joined-server.ts'
import { type Overlay, overlaySchema } from './model/overlay.ts'
import { proposeServer } from './model/propose-server.ts'
import { plainNameOf } from './model/propose-tool.ts'
import type { Place } from './start-servers.ts'
import { jailerFor } from './start-servers.ts'
import { takeOut } from './take-out.ts'
import { type Opening, onPlace, withPlace } from './with-servers.ts'

type Options = Opening & { accept(proposal: JoinProposal): Promise<boolean> }

/** Everything about a server that is known before it was started. */
interface Candidate {
  given: ServerManifest
  origin: JoinedOrigin
  installed?: InstalledPackage
}

/** Has a stranger's server installed, started in its jail, looked at, and, once a person accepts what is proposed, kept. */
export async function joinServer(
  config: Config,
  catalogue: Catalogue,
  wish: ServerWish,
  { accept, ...options }: Options,
): Promise<JoinProposal> {
  const before = readJoined(config)
  const said = wish.overlay === undefined ? undefined : overlayIn(wish.overlay)
  return withPlace(config, options, async (place) => {
    const { given, origin, installed } = await candidateFor(config, place, wish, options)
    const { name } = given
    if (catalogue.servers.has(name) && !before[name])
      throw new InputError(`${name} is the name of a server of this project: choose another with --name`)
    const overlay = said ?? before[name]?.overlay
    const { credentials } = wish
    const told = await tell(config, { origin, credentials, manifest: { ...given, tools: [] } }, place, options)
    const { manifest, leftOut } = proposeServer(given, told)
    const at = new Date().toISOString()
    const entry: JoinedServer = {
      origin,
      credentials,
      manifest,
      ...(overlay && { overlay }),
      accepted: { by: config.owner.principal, at },
    }
    const server = checked(config, catalogue, entry)
    const replaced = catalogue.servers.get(name)
    const proposal = {
      server,
      origin,
      credentials,
      packages: installed ? Object.keys(installed.lock.packages).length - 1 : 0,
      leftOut,
      ...(replaced && { replaces: replaced }),
    }
    if (await accept(proposal)) {
      const details = { server: name, origin: { ...origin }, tools: fingerprints(server), by: config.owner.principal }
      // Recorded first: nothing counts that the record does not know.
      const record = () => place.record.journal.note([draft('system_noted', { what: 'server_joined', details })])
      const joining = { server: entry, lock: installed?.lock, before: before[name] }
      await asInput(() => keepJoined(config, name, joining, record))
    }
    return proposal
  })
}

/** Takes a stranger's server out; what it is held to is forgotten, and the record keeps that it was there. */
export async function dropServer(config: Config, name: string): Promise<void> {
  const names = Object.keys(readJoined(config))
  if (!names.includes(name))
    throw new InputError(
      `No server ${name} was added; ${names.length > 0 ? `there are ${names.join(', ')}` : 'none was'}`,
    )
  await withPlace(config, {}, ({ record }) =>
    takeOut(config, record.journal, { server: name, by: config.owner.principal }),
  )
}

/** Installs what strangers' servers are pinned with, where this home does not have it. */
export async function installServers(config: Config, names: readonly string[], options: Opening): Promise<string[]> {
  const joined = readJoined(config)
  const [unknown] = names.filter((name) => !joined[name])
  if (unknown !== undefined) throw new InputError(`No server ${unknown} was added`)
  const wanted = Object.entries(joined).filter(([name]) => names.length === 0 || names.includes(name))
  return withPlace(config, options, async (place) => {
    const installing = await installingOn(config, place, options)
    const done: string[] = []
    for (const [name, { origin }] of wanted) {
      if (origin.from !== 'npm') continue
      if (await installing.store.isSound(name, origin.lock)) continue
      const lock = readLock(config, name)
      if (!lock || lockDigest(lock) !== origin.lock)
        throw new InputError(`${config.locksFile} does not hold the lockfile that ${name} was accepted with`)
      await asInput(() => installLocked(lock, { server: name, ...installing }))
      done.push(name)
    }
    return done
  })
}

async function candidateFor(config: Config, place: Place, wish: ServerWish, options: Opening): Promise<Candidate> {
  const { source, args, credentials } = wish
  const common = descriptionOf(wish)
  const { name } = common
  // What is not there to be given to it is told before anything is fetched or started.
  const manifest = { ...parsed({ ...common, command: ['node'] }), tools: [] }
  await checkSlots(config, catalogueWith(config, undefined, { origin: { from: 'command' }, credentials, manifest }))
  if (source.from === 'url') {
    const [slot] = Object.keys(credentials)
    const remote = { url: source.url, ...(slot !== undefined && { auth: { bearer: slot } }) }
    return { given: parsed({ ...common, remote }), origin: { from: 'url' } }
  }
  const folders = foldersAmong(args, config.invocationFolder)
  const jail = grantsOf(config, wish, folders.granted)
  if (source.from === 'command') {
    const command = [...source.command, ...folders.args]
    return { given: parsed({ ...common, command, jail }), origin: { from: 'command' } }
  }
  const spec =
    source.from === 'archive'
      ? { archive: existing(resolve(config.invocationFolder, source.path)) }
      : { name: source.name, ...(source.version !== undefined && { version: source.version }) }
  const installing = await installingOn(config, place, options)
  options.onStarting?.(`npm, for ${name}`)
  const installed = await asInput(() => installPackage(spec, { server: name, ...installing }))
  options.onStarted?.(`npm, for ${name}`)
  const { version } = installed
  const command = ['node', `${packageFolder}/${installed.program}`, ...folders.args]
  return {
    given: parsed({ ...common, version, command, jail }),
    origin: { from: 'npm', package: installed.name, version, lock: lockDigest(installed.lock) },
    installed,
  }
}

/** What is known of it but how it is started. */
function descriptionOf(wish: ServerWish) {
  const given = isJsonObject(wish.given) ? wish.given : {}
  const name = wish.name ?? nameOf(wish)
  const slots = Object.keys(wish.credentials).map((slot) => [slot, { description: `For ${name}.` }])
  return {
    title: '',
    version: '',
    description: '',
    tools: [],
    ...given,
    name,
    credentials: { ...Object.fromEntries(slots), ...(isJsonObject(given.credentials) && given.credentials) },
    egress: wish.egress,
  }
}

async function installingOn(config: Config, { home, record }: Place, { signal }: Opening) {
  const jailer = await jailerFor(config, home, record.journal)
  const { environment, invocationFolder: cwd } = config
  return { store: openPackageStore(home), jailer, environment, cwd, signal }
}

/** Starts it as every run would, and asks it for all that it tells. */
async function tell(
  config: Config,
  entry: Pick<JoinedServer, 'origin' | 'credentials' | 'manifest'>,
  place: Place,
  options: Opening,
) {
  const { name } = entry.manifest
  const alone = catalogueWith(config, undefined, entry)
  return onPlace(config, alone, place, options, async ({ gateway }) => {
    try {
      return await gateway.tell(name)
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      const log = join(place.home.logs, `server-${name}.log`)
      const words = existsSync(log) ? `. Its own words: ${log}` : ''
      throw new InputError(`${name} cannot be connected to: ${message}${words}`)
    }
  })
}

/** The manifest as runs would have it, among all the others. Throws {@link InputError} with all that does not fit. */
function checked(config: Config, catalogue: Catalogue, entry: JoinedServer): ServerManifest {
  const { name } = entry.manifest
  try {
    const server = catalogueWith(config, catalogue, entry).servers.get(name)
    if (server) return server
  } catch (error) {
    if (!(error instanceof CatalogueError)) throw error
    throw new InputError(`${name} cannot join`, error.issues)
  }
  throw new RangeError(`join: ${name} is not in its own catalogue`)
}

function catalogueWith(
  config: Config,
  others: Catalogue | undefined,
  entry: Pick<JoinedServer, 'origin' | 'credentials' | 'manifest' | 'overlay'>,
): Catalogue {
  const { name } = entry.manifest
  const effective = effectiveManifest(name, entry, config)
  if (!effective.ok) {
    const issues = effective.issues.map(({ path, message }) => ({
      path: path.replace(`/servers/${name}/overlay`, ''),
      message,
    }))
    throw new InputError(`The overlay of ${name} does not fit`, issues)
  }
  const rest = [...(others?.servers.values() ?? [])].filter((server) => server.name !== name)
  return {
    ...catalogueOf({ version: 1, servers: [...rest, effective.manifest] }),
    joined: new Map([[name, { origin: entry.origin, credentials: entry.credentials }]]),
  }
}

function fingerprints({ tools }: ServerManifest): Record<string, string> {
  return Object.fromEntries(tools.map(({ name, fingerprint }) => [name, fingerprint]))
}

function overlayIn(document: Json): Overlay {
  const result = overlaySchema.safeParse(document)
  if (result.success) return result.data
  throw new InputError('The overlay is not right', issuesOf(result.error))
}

function parsed(document: object): ServerManifest {
  const result = serverManifestSchema.safeParse(document)
  if (result.success) return result.data
  throw new InputError('The server cannot be described', issuesOf(result.error))
}

function issuesOf({ issues }: { issues: readonly { path: PropertyKey[]; message: string }[] }): Issue[] {
  return issues.map(({ path, message }) => ({ path: formatPointer(path.map(String)), message }))
}

/** `@modelcontextprotocol/server-filesystem` → `filesystem`. */
function nameOf({ source, given }: ServerWish): string {
  if (isJsonObject(given) && typeof given.name === 'string') return given.name
  const text = {
    npm: () => ('name' in source ? source.name : ''),
    archive: () => ('path' in source ? basename(source.path).replace(/-\d.*$/, '') : ''),
    url: () => ('url' in source ? (URL.parse(source.url)?.hostname ?? '') : ''),
    command: () => ('command' in source ? basename(source.command[0] ?? '').replace(/\.\w+$/, '') : ''),
  }[source.from]()
  const plain = text.replace(/^@[^/]+\//, '').replace(/(^|[-_.])(mcp|server|modelcontextprotocol)(?=$|[-_.])/g, '')
  return plainNameOf(plain, 'server')
}

/** What npm, a registry or a file refuses is for a person to mend. */
async function asInput<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof PackageError || error instanceof ConfigError ? new InputError(error.message) : error
  }
}
