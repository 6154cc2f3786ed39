import type { EmulatorReady } from '../../../shared/capability/call-meta.ts'
import type { Issue } from '../../../shared/failure.ts'
import { formatPointer } from '../../../shared/json-pointer.ts'
import type { ServerManifest } from '../../../shared/manifest.ts'
import type { Mode } from '../../model/event.ts'
import { type LiveCredential, liveCredential } from './live-credential.ts'
import { type Environment, type Found, readSource, type Source } from './read-source.ts'

/** What the values of one server are taken from. */
export interface CredentialSources {
  mode: Mode
  /** Environment variable of the manifest → source. */
  configured: Readonly<Record<string, Source>>
  /** What the server's emulator said when it was ready. */
  emulator?: EmulatorReady
  environment: Environment
  /** The URL of the server's own Postgres database, under its own role. */
  databaseUrl: (server: ServerManifest) => string | Promise<string>
  /** Runs no command and opens no keychain: the words of the source stand for what it gives, for who only asks what is mapped. */
  withoutCommands?: boolean
}

/** The endpoints, credentials and settings of one server, as environment variables. */
export interface ResolvedEnvironment {
  values: Record<string, string>
  /** Credentials that the server never gets, by slot: whoever sends its requests on adds them. */
  brokered: Record<string, LiveCredential>
  /** All of those values, or parts of them, that must never be shown. */
  secrets: string[]
}

/** Slots that no source fills, or whose source is not usable: each by its path in the configuration, with what to write. */
export class CredentialError extends Error {
  readonly issues: Issue[]

  constructor(server: string, issues: Issue[]) {
    super(
      `The server ${server} lacks what it needs: ${issues.map(({ path, message }) => `${path} ${message}`).join('; ')}`,
    )
    this.name = 'CredentialError'
    this.issues = issues
  }
}

/**
 * The value of every endpoint, credential and setting of a server. Where the server has an emulator and the mode is
 * `emulated`, only the emulator is asked for endpoints and credentials: what the configuration holds for the real vendor is
 * not even read. Throws a {@link CredentialError} that names every slot without a value.
 */
export async function resolveEnvironment(
  server: ServerManifest,
  from: CredentialSources,
): Promise<ResolvedEnvironment> {
  const values: Record<string, string> = {}
  const brokered: Record<string, LiveCredential> = {}
  const secrets: string[] = []
  const issues: Issue[] = []
  const emulated = from.mode === 'emulated' && server.emulator !== undefined

  for (const [slot, { protocol, live }] of Object.entries(server.endpoints)) {
    if (emulated && protocol !== 'postgres') fill('endpoints', slot, given(from.emulator?.endpoints[slot]))
    else if (from.configured[slot]) fill('endpoints', slot, await read(from.configured[slot]))
    else if (protocol === 'postgres') fill('endpoints', slot, await ownDatabase())
    else if (from.mode === 'live' && live !== undefined) fill('endpoints', slot, { value: live })
    else fill('endpoints', slot, { fault: `is not mapped: write ${slot}: { value: URL } or { env: NAME } there` })
  }
  for (const [slot, { optional, delivery }] of Object.entries(server.credentials)) {
    const source = sourceOf(slot)
    if (source && 'fault' in source) fill('credentials', slot, source)
    else if (source && delivery === 'egress') await broker(slot, source)
    else if (source) fill('credentials', slot, await read(source))
    else if (slot === databaseSlot) fill('credentials', slot, await ownDatabase())
    else if (!optional) fill('credentials', slot, emulated ? given(undefined) : { fault: notMapped(slot) })
  }
  for (const slot of Object.keys(server.settings)) {
    const source = from.configured[slot]
    if (source) fill('settings', slot, await read(source))
  }
  if (issues.length > 0) throw new CredentialError(server.name, issues)
  return { values, brokered, secrets }

  function fill(kind: 'endpoints' | 'credentials' | 'settings', slot: string, found: Found): void {
    if ('fault' in found) {
      issues.push({ path: formatPointer(['servers', server.name, kind, slot]), message: found.fault })
      return
    }
    values[slot] = found.value
    secrets.push(...(kind === 'credentials' ? [found.value] : []), ...secretsOfUrl(found.value))
  }

  function given(value: string | undefined): Found {
    return value === undefined ? { fault: `was not given by the emulator of ${server.emulator?.vendor}` } : { value }
  }

  function read(source: Source): Promise<Found> {
    return readSource(asked(source), from.environment)
  }

  function asked(source: Source): Source {
    if (!from.withoutCommands) return source
    if ('exec' in source) return { value: JSON.stringify(source.exec) }
    return 'keychain' in source ? { value: JSON.stringify(source) } : source
  }

  async function ownDatabase(): Promise<Found> {
    return { value: await from.databaseUrl(server) }
  }

  /** Undefined where nothing is mapped to the slot. */
  function sourceOf(slot: string): Source | { fault: string } | undefined {
    if (emulated && slot !== databaseSlot) {
      const value = from.emulator?.credentials[slot]
      return value === undefined ? undefined : { value }
    }
    const source = from.configured[slot]
    if (!source || !('value' in source)) return source
    return { fault: `may not stand in the configuration itself: write ${howToMap}` }
  }

  /** Read once before the server starts, so that a source that gives nothing is told by its slot; then as it is used. */
  async function broker(slot: string, source: Source): Promise<void> {
    const credential = liveCredential(asked(source), from.environment)
    const found = await credential.current()
    if ('fault' in found) return fill('credentials', slot, found)
    brokered[slot] = credential
    secrets.push(found.value)
  }
}

const howToMap = '{ env: NAME }, { file: PATH }, { keychain: SERVICE/ACCOUNT } or { exec: [COMMAND, …] }'

function notMapped(slot: string): string {
  return `is not mapped: write ${slot}: ${howToMap} there`
}

/** A credential slot that holds a Postgres URL. */
export const databaseSlot = 'DATABASE_URL'

function secretsOfUrl(value: string): string[] {
  const password = URL.parse(value)?.password
  return password ? [value, password, ...decoded(password)] : []
}

/** A percent sign that nobody encoded stands for itself. */
function decoded(text: string): string[] {
  try {
    return [decodeURIComponent(text)]
  } catch {
    return []
  }
}
