import { readFile } from 'node:fs/promises'
import type { EmulatorReady } from '../../../shared/capability/call-meta.ts'
import type { Issue } from '../../../shared/failure.ts'
import { formatPointer } from '../../../shared/json-pointer.ts'
import type { ServerManifest } from '../../../shared/manifest.ts'
import type { Mode } from '../../model/event.ts'

/** Where the operator's configuration says a slot's value comes from. A `value` stands in the configuration itself, so a credential cannot be one. */
export type Source = { env: string } | { file: string } | { value: string }

/** What the values of one server are taken from. */
export interface CredentialSources {
  mode: Mode
  /** Environment variable of the manifest → source. */
  configured: Readonly<Record<string, Source>>
  /** What the server's emulator said when it was ready. */
  emulator?: EmulatorReady
  /** The operator's environment; looked into only by the names that the configuration gives. */
  environment: Readonly<Record<string, string | undefined>>
  /** The URL of the server's own Postgres database, under its own role. */
  databaseUrl: (server: ServerManifest) => string | Promise<string>
}

/** The endpoints, credentials and settings of one server, as environment variables. */
export interface ResolvedEnvironment {
  values: Record<string, string>
  /** Those values, or parts of them, that must never be shown. */
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
  const secrets: string[] = []
  const issues: Issue[] = []
  const emulated = from.mode === 'emulated' && server.emulator !== undefined

  for (const [slot, { protocol, live }] of Object.entries(server.endpoints)) {
    if (emulated && protocol !== 'postgres') fill('endpoints', slot, given(from.emulator?.endpoints[slot]))
    else if (from.configured[slot] || protocol === 'postgres') fill('endpoints', slot, await sourced(slot))
    else if (from.mode === 'live' && live !== undefined) fill('endpoints', slot, { value: live })
    else fill('endpoints', slot, { fault: `is not mapped: write ${slot}: { value: URL } or { env: NAME } there` })
  }
  for (const [slot, { optional }] of Object.entries(server.credentials)) {
    if (emulated && slot !== databaseSlot) fill('credentials', slot, given(from.emulator?.credentials[slot], optional))
    else if (from.configured[slot] || slot === databaseSlot) fill('credentials', slot, await credential(slot))
    else if (!optional)
      fill('credentials', slot, { fault: `is not mapped: write ${slot}: { env: NAME } or { file: PATH } there` })
  }
  for (const slot of Object.keys(server.settings)) {
    if (from.configured[slot]) fill('settings', slot, await sourced(slot))
  }
  if (issues.length > 0) throw new CredentialError(server.name, issues)
  return { values, secrets }

  function fill(kind: 'endpoints' | 'credentials' | 'settings', slot: string, found: Found | undefined): void {
    if (found === undefined) return
    if ('fault' in found) {
      issues.push({ path: formatPointer(['servers', server.name, kind, slot]), message: found.fault })
      return
    }
    values[slot] = found.value
    secrets.push(...(kind === 'credentials' ? [found.value] : []), ...secretsOfUrl(found.value))
  }

  function given(value: string | undefined, optional = false): Found | undefined {
    if (value !== undefined) return { value }
    return optional ? undefined : { fault: `was not given by the emulator of ${server.emulator?.vendor}` }
  }

  async function credential(slot: string): Promise<Found> {
    const source = from.configured[slot]
    if (!source || !('value' in source)) return sourced(slot)
    return { fault: 'may not stand in the configuration itself: write { env: NAME } or { file: PATH }' }
  }

  async function sourced(slot: string): Promise<Found> {
    const source = from.configured[slot]
    return source ? read(source, from.environment) : { value: await from.databaseUrl(server) }
  }
}

type Found = { value: string } | { fault: string }

async function read(source: Source, environment: CredentialSources['environment']): Promise<Found> {
  if ('value' in source) return { value: source.value }
  if ('env' in source) {
    const value = environment[source.env]
    return value ? { value } : { fault: `comes from the environment variable ${source.env}, which is not set` }
  }
  try {
    const value = (await readFile(source.file, 'utf8')).trim()
    return value === '' ? { fault: `comes from the file ${source.file}, which is empty` } : { value }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return { fault: `comes from the file ${source.file}, which cannot be read (${code})` }
  }
}

/** A credential slot that holds a Postgres URL. */
export const databaseSlot = 'DATABASE_URL'

function secretsOfUrl(value: string): string[] {
  const password = URL.parse(value)?.password
  return password ? [value, password, decodeURIComponent(password)] : []
}
