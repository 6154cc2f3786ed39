import { readFile } from 'node:fs/promises'
import type { EmulatorReady } from '../../../shared/capability/call-meta.ts'
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

/** The endpoints and credentials of one server, as environment variables. */
export interface ResolvedEnvironment {
  values: Record<string, string>
  /** Those values, or parts of them, that must never be shown. */
  secrets: string[]
}

/** A slot that no source fills, or whose source is not usable. */
export class CredentialError extends Error {
  override readonly name = 'CredentialError'
}

/**
 * The value of every endpoint and credential slot of a server. Where the server has an emulator and the mode is `emulated`,
 * only the emulator is asked: what the configuration holds for the real vendor is not even read.
 */
export async function resolveEnvironment(
  server: ServerManifest,
  from: CredentialSources,
): Promise<ResolvedEnvironment> {
  const values: Record<string, string> = {}
  const secrets: string[] = []
  const emulated = from.mode === 'emulated' && server.emulator !== undefined

  for (const [slot, endpoint] of Object.entries(server.endpoints)) {
    const value =
      emulated && endpoint.protocol !== 'postgres' ? from.emulator?.endpoints[slot] : await endpointUrl(slot)
    if (value === undefined) throw unmapped(slot, 'endpoint')
    values[slot] = value
    secrets.push(...secretsOfUrl(value))
  }
  for (const [slot, { optional }] of Object.entries(server.credentials)) {
    const value = emulated && slot !== databaseSlot ? from.emulator?.credentials[slot] : await credential(slot)
    if (value === undefined && optional) continue
    if (value === undefined) throw unmapped(slot, 'credential')
    values[slot] = value
    secrets.push(value, ...secretsOfUrl(value))
  }
  return { values, secrets }

  async function endpointUrl(slot: string): Promise<string | undefined> {
    const endpoint = server.endpoints[slot]
    const source = from.configured[slot]
    if (source) return read(slot, source)
    if (endpoint?.protocol === 'postgres') return from.databaseUrl(server)
    return from.mode === 'live' ? endpoint?.live : undefined
  }

  async function credential(slot: string): Promise<string | undefined> {
    const source = from.configured[slot]
    if (source && 'value' in source) {
      throw new CredentialError(
        `servers/${server.name}/credentials/${slot}: a credential may not stand in the configuration; write { env: NAME } or { file: PATH }`,
      )
    }
    if (source) return read(slot, source)
    return slot === databaseSlot ? from.databaseUrl(server) : undefined
  }

  async function read(slot: string, source: Source): Promise<string> {
    if ('value' in source) return source.value
    const where = `servers/${server.name}: ${slot}`
    if ('env' in source) {
      const value = from.environment[source.env]
      if (value) return value
      throw new CredentialError(`${where} is to come from the environment variable ${source.env}, which is not set`)
    }
    const value = await readFile(source.file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      throw new CredentialError(
        `${where} is to come from the file ${source.file}, which cannot be read (${error.code})`,
      )
    })
    if (value.trim() !== '') return value.trim()
    throw new CredentialError(`${where} is to come from the file ${source.file}, which is empty`)
  }

  function unmapped(slot: string, what: 'endpoint' | 'credential'): CredentialError {
    const why = emulated
      ? `its emulator (${server.emulator?.vendor}) did not give one`
      : `map it in the configuration, e.g. servers: { ${server.name}: { ${what}s: { ${slot}: { env: ${slot} } } } }`
    return new CredentialError(`servers/${server.name}: nothing fills the ${what} ${slot}: ${why}`)
  }
}

/** A credential slot that holds a Postgres URL. */
const databaseSlot = 'DATABASE_URL'

function secretsOfUrl(value: string): string[] {
  const password = URL.parse(value)?.password
  return password ? [value, password, decodeURIComponent(password)] : []
}
