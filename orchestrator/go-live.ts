import { join } from 'node:path'
import type { Issue } from '../shared/failure.ts'
import type { Json } from '../shared/json.ts'
import { formatPointer } from '../shared/json-pointer.ts'
import type { ServerManifest } from '../shared/manifest.ts'
import { type GoingLive, InputError } from './cli/remit.ts'
import type { Config } from './config.ts'
import { openConsents } from './execute/credentials/consents.ts'
import { nameOfSource, type Source } from './execute/credentials/read-source.ts'
import { CredentialError, databaseSlot, resolveEnvironment } from './execute/credentials/resolve.ts'
import { openHome } from './home/home.ts'
import type { Catalogue } from './model/catalogue.ts'
import type { OAuthConfig } from './oauth-config.ts'

/** Throws {@link InputError} with every slot that nothing fills, of every server that no emulator stands in for. */
export async function checkSlots(config: Config, catalogue: Catalogue): Promise<void> {
  await resolvedServers(config, catalogue)
}

/** Where it is kept what people agreed to. */
export function consentsFile(home: string): string {
  return join(home, 'live-consents.json')
}

/** What a command would reach in live mode, for a person to agree to; undefined where nothing is live or somebody agreed before. */
export async function goingLive(config: Config, catalogue: Catalogue): Promise<GoingLive | undefined> {
  if (config.mode !== 'live') return undefined
  const resolved = await resolvedServers(config, catalogue)
  const mapping: Json = {
    record: config.databaseUrl ?? null,
    servers: Object.fromEntries(resolved.map(({ server, values, secrets }) => [server.name, { values, secrets }])),
  }
  const path = consentsFile(config.home)
  if (openConsents(path).holds(mapping)) return undefined
  return {
    record:
      config.databaseUrl === undefined
        ? 'the Postgres that Remit runs itself'
        : `Postgres at ${placeOf(config.databaseUrl)}`,
    servers: resolved.map(({ server, values }) => describe(config, catalogue, server, values)),
    agree() {
      openHome(config.home)
      openConsents(path).give(mapping, config.owner.principal, new Date())
    },
  }
}

interface Resolved {
  server: ServerManifest
  values: Record<string, string>
  /** Credentials among them, and those that the server never gets. */
  secrets: string[]
}

async function resolvedServers(config: Config, catalogue: Catalogue): Promise<Resolved[]> {
  const issues: Issue[] = []
  const resolved: Resolved[] = []
  for (const server of catalogue.servers.values()) {
    if (config.mode === 'emulated' && server.emulator) continue
    const { name } = server
    const { url, oauth } = config.servers[name] ?? {}
    const urls = urlsOf(url ?? [server.remote?.url ?? []].flat())
    if (url !== undefined && hasOwnAccess(server, oauth)) {
      resolved.push({ server, values: { ...urls, ...(oauth && { oauth: accountOf(oauth) }) }, secrets: [] })
      continue
    }
    try {
      const { values, secrets } = await resolveEnvironment(server, {
        mode: config.mode,
        configured: sourcesFor(config, catalogue, name),
        environment: config.environment,
        databaseUrl: () => grantOf(config, name),
        withoutCommands: true,
      })
      resolved.push({ server, values: { ...values, ...urls }, secrets })
    } catch (error) {
      if (!(error instanceof CredentialError)) throw error
      issues.push(...error.issues)
    }
  }
  if (issues.length === 0) return resolved
  const what = issues.length === 1 ? '1 slot has' : `${issues.length} slots have`
  throw new InputError(
    `mode: ${config.mode} needs more of the configuration (${config.file}): ${what} no value`,
    issues,
  )
}

/** Which database of Remit's own a server gets. Throws {@link CredentialError} where the configuration grants none. */
export function grantOf({ servers }: Config, server: string): 'schema' | 'provisioner' {
  const grant = servers[server]?.database
  if (grant) return grant
  const message = 'is missing: the server needs a database; write database: schema (or provisioner) there'
  throw new CredentialError(server, [{ path: formatPointer(['servers', server, 'database']), message }])
}

/** Where each slot of a server comes from: what the configuration says, else what was said when it joined. */
export function sourcesFor({ servers }: Config, { joined }: Catalogue, name: string): Record<string, Source> {
  const { endpoints = {}, credentials = {}, settings = {} } = servers[name] ?? {}
  const values = Object.entries(settings).map(([slot, value]): [string, Source] => [slot, { value }])
  return { ...joined?.get(name)?.credentials, ...endpoints, ...credentials, ...Object.fromEntries(values) }
}

function describe(
  config: Config,
  catalogue: Catalogue,
  server: ServerManifest,
  values: Record<string, string>,
): GoingLive['servers'][number] {
  const { name, title } = server
  const { url, oauth } = config.servers[name] ?? {}
  if (url !== undefined && hasOwnAccess(server, oauth))
    return {
      name,
      title,
      endpoints: url.map(placeOf),
      accounts: [values.oauth ?? 'what the server itself was given'],
      settings: [],
    }
  const sources = sourcesFor(config, catalogue, name)
  const accounts = Object.keys(server.credentials).flatMap((slot) => {
    const source = sources[slot]
    if (source) return [`${slot} from ${nameOfSource(source)}`]
    return slot === databaseSlot ? [`a database of its own (${grantOf(config, name)})`] : []
  })
  return {
    name,
    title,
    endpoints: [
      ...(url ?? [server.remote?.url ?? []].flat()).map(placeOf),
      ...Object.keys(server.endpoints).map((slot) => placeOf(values[slot] ?? '')),
      ...server.egress,
    ],
    accounts,
    settings: Object.entries(server.settings).map(([slot, { description }]) =>
      values[slot] ? `${slot}: ${values[slot]}` : `${slot} is not set: ${description}`,
    ),
  }
}

/** True for a server elsewhere whose credentials, if there are any, are not Remit's to send: OAuth, or Remit's own tokens, let us in. */
function hasOwnAccess({ remote }: ServerManifest, oauth: OAuthConfig | undefined): boolean {
  return oauth !== undefined || remote === undefined
}

/** Where it runs, as settings. */
function urlsOf(urls: readonly string[]): Record<string, string> {
  return Object.fromEntries(urls.map((url, index) => [index === 0 ? 'url' : `url_${index + 1}`, url]))
}

/** As whom OAuth lets Remit in, and by whose word. */
function accountOf({ grant, issuer, client }: OAuthConfig): string {
  const at = issuer === undefined ? 'whoever it names' : placeOf(issuer)
  const name = client && ('document' in client ? client.document : client.id)
  if (grant === 'client_credentials') return `Remit itself, as the client ${name} of ${at}`
  return `each principal's own login at ${at}${name === undefined ? '' : `, as the client ${name}`}`
}

/** A URL without what may be secret in it. */
function placeOf(text: string): string {
  const url = URL.parse(text)
  return url ? `${url.protocol}//${url.host}${url.pathname}` : text
}
