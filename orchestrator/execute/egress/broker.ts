import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { Server } from 'node:net'
import { endpointPlacesVariable } from '../../../shared/capability/endpoint-places.ts'
import type { RequestRule, ServerManifest } from '../../../shared/manifest.ts'
import type { EgressRecord } from '../../model/egress.ts'
import { databaseSlot, type ResolvedEnvironment } from '../credentials/resolve.ts'
import { makeJailFolder } from '../sandbox/jail-folder.ts'
import { scrubber } from '../scrub.ts'
import { callsInFlight } from './calls-in-flight.ts'
import { checkedName } from './checked-name.ts'
import { connectDoor } from './connect-door.ts'
import { type AddedCredential, type DoorLimits, endpointDoor } from './endpoint-door.ts'
import { type Door, type OpenDoor, openDoor } from './listen.ts'
import { relayDoor } from './relay-door.ts'
import { scrubWhole } from './scrub-stream.ts'
import { secretForms } from './secret-forms.ts'

/** What stands between one process of a server and the network. */
export interface Broker {
  doors: readonly Door[]
  /** Endpoints, credentials and settings as the server gets them: URLs lead to doors, and placeholders stand for what it does not hold. */
  env: Record<string, string>
  /** What else must not be shown, as it is known by now: credentials change while a server runs. */
  secrets(): readonly string[]
  /** From now on the requests that the tool declares go out. */
  callStarted(callId: string, tool: { egress: readonly RequestRule[] }): void
  /** What the call caused; what goes on for it alone is cut off. */
  callEnded(callId: string): EgressRecord[]
  /** The vendor does not take the credentials, in words that only the server understands: the next request asks their sources. */
  credentialsRefused(): void
  /** How much was refused so far. */
  denied(): number
  close(): Promise<void>
}

export interface BrokerOptions {
  server: Pick<ServerManifest, 'endpoints' | 'credentials'>
  resolved: ResolvedEnvironment
  /** `host:port`, exact: what the server may open tunnels to. */
  hosts: readonly string[]
  /** Whether the server runs without a jail, and so finds its doors on this machine's own 127.0.0.1. */
  loopback: boolean
  /** Told what was refused while no call was in flight. */
  onStray(record: EgressRecord): void
  limits?: Partial<DoorLimits>
}

const defaultLimits: DoorLimits = {
  requestBytes: 33_554_432,
  replayBytes: 131_072,
  responseBytes: 67_108_864,
  silenceMs: 120_000,
}
/** Longer than a server keeps a connection: the server closes it, so that no request meets the close. */
const keepAliveMs = 600_000
const defaultPorts = { 'postgres:': 5432, 'postgresql:': 5432, 'smtp:': 587, 'smtps:': 465 }

/** Opens one door for each endpoint of a server, and one for the hosts that it may reach besides. */
export async function openBroker(options: BrokerOptions): Promise<Broker> {
  const { server, resolved, hosts, loopback, onStray } = options
  const limits = { ...defaultLimits, ...options.limits }
  const folder = await makeJailFolder()
  const key = randomBytes(18).toString('base64url')
  const secrets = () => [key, ...resolved.secrets, ...Object.values(resolved.brokered).flatMap((each) => each.seen())]
  const forms = formsOf(() => Object.values(resolved.brokered).flatMap((each) => each.seen()))
  const clean = (text: string) => scrubWhole(scrubber(secrets())(text), forms())
  const calls = callsInFlight({ now: () => performance.now(), clean, onStray })
  const opened: OpenDoor[] = []
  const closing: (() => void)[] = []
  const env: Record<string, string> = { ...resolved.values }
  const places: Record<string, string> = {}

  async function open(serve: () => Server, checked?: Door['checked']): Promise<Door> {
    const door = await openDoor(serve, { folder: folder.path, name: `door-${opened.length}`, loopback })
    opened.push({ ...door, ...(checked && { checked }) })
    return door
  }

  async function openEndpoint(endpoint: string, url: URL): Promise<void> {
    const credentials = addedTo(endpoint, server, resolved)
    const proxy = endpointDoor({ endpoint, url, key, credentials, calls, forms, reachable, limits })
    closing.push(proxy.close)
    const door = await open(() => createServer({ keepAliveTimeout: keepAliveMs }, proxy.listener))
    const base = `http://127.0.0.1:${door.port}/${key}`
    env[endpoint] = base + url.pathname + url.search
    httpDoors.push({ origin: url.origin, base })
  }

  async function openRelay(slot: string, url: URL, protocol: 'postgres' | 'smtp'): Promise<void> {
    const hostname = url.hostname.replace(/^\[|\]$/g, '')
    const port = Number(url.port || (defaultPorts[url.protocol as keyof typeof defaultPorts] ?? 0))
    const name = protocol === 'postgres' ? checkedName(slot, url) : undefined
    const relay = relayDoor({ endpoint: slot, protocol, hostname, port, calls })
    const door = await open(relay, name === undefined ? undefined : { slot, name })
    places[slot] = `${url.hostname}:${port}`
    env[slot] = throughDoor(url, name ?? '127.0.0.1', door.port)
  }

  const httpDoors: { origin: string; base: string }[] = []
  /** A redirect leads through the same door again, through another one of the server, or to a listed host. */
  function reachable(location: URL): string | undefined {
    const door = httpDoors.find(({ origin }) => origin === location.origin)
    if (door) return door.base + location.pathname + location.search + location.hash
    const listed = location.protocol === 'https:' && hosts.includes(`${location.hostname}:${location.port || 443}`)
    return listed ? location.href : undefined
  }

  async function close(): Promise<void> {
    for (const door of opened) door.close()
    for (const end of closing) end()
    await folder.remove()
  }

  try {
    for (const [endpoint, { protocol }] of Object.entries(server.endpoints)) {
      const url = URL.parse(resolved.values[endpoint] ?? '')
      // What is no URL is the server's to complain of, by its name.
      if (!url) continue
      if (protocol === 'http') await openEndpoint(endpoint, url)
      else await openRelay(endpoint, url, protocol)
    }
    const database = URL.parse(databaseSlot in server.credentials ? (resolved.values[databaseSlot] ?? '') : '')
    if (database) await openRelay(databaseSlot, database, 'postgres')
    for (const [slot, credential] of Object.entries(server.credentials))
      if (credential.delivery === 'egress' && resolved.brokered[slot]) env[slot] = credential.placeholder
    if (hosts.length > 0) Object.assign(env, proxyEnvironment(await open(connectDoor({ hosts, calls }))))
    if (Object.keys(places).length > 0) env[endpointPlacesVariable] = JSON.stringify(places)
  } catch (error) {
    await close()
    throw error
  }

  return {
    doors: opened,
    env,
    secrets,
    callStarted: (callId, { egress }) => calls.start(callId, egress),
    callEnded: (callId) => calls.end(callId),
    credentialsRefused() {
      for (const { seen, refused } of Object.values(resolved.brokered)) refused(seen().at(-1) ?? '')
    },
    denied: () => calls.denied(),
    close,
  }
}

function addedTo(
  endpoint: string,
  { credentials }: BrokerOptions['server'],
  { brokered }: ResolvedEnvironment,
): AddedCredential[] {
  return Object.entries(credentials).flatMap(([slot, declared]) => {
    const credential = brokered[slot]
    if (declared.delivery !== 'egress' || declared.endpoint !== endpoint || !credential) return []
    return [{ slot, header: declared.header, credential }]
  })
}

/** Forms are many and secrets change rarely. */
function formsOf(seen: () => readonly string[]): () => readonly string[] {
  let known = ''
  let forms: readonly string[] = []
  return () => {
    const secrets = seen()
    const now = secrets.join('\0')
    if (now !== known) {
      forms = secretForms(secrets)
      known = now
    }
    return forms
  }
}

/** The URL with another place in it; `URL` knows no ports of schemes that are not the web's, so the text is changed. */
function throughDoor(url: URL, hostname: string, port: number): string {
  const changed = new URL(url)
  changed.hostname = hostname
  changed.port = String(port)
  return changed.href
}

function proxyEnvironment({ port }: Door): Record<string, string> {
  const proxy = `http://127.0.0.1:${port}`
  return { HTTPS_PROXY: proxy, HTTP_PROXY: proxy, NO_PROXY: '127.0.0.1,localhost', NODE_USE_ENV_PROXY: '1' }
}
