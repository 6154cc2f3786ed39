import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openEraVerdicts } from '../../orchestrator/execute/era-verdicts.ts'
import { hostile } from '../../orchestrator/execute/fixtures/hostile-tools.ts'
import { type Gateway, openGateway } from '../../orchestrator/execute/gateway.ts'
import { describeLaunch } from '../../orchestrator/execute/launch.ts'
import type { Limits } from '../../orchestrator/execute/limits.ts'
import { identify } from '../../orchestrator/home/process-identity.ts'
import type { CallOutcome, CallResult, Progress } from '../../orchestrator/model/call.ts'
import { catalogueOf } from '../../orchestrator/model/catalogue.ts'
import { createSealer, sealKeyBytes } from '../../orchestrator/model/seal.ts'
import type { ServerStatus } from '../../orchestrator/model/server-status.ts'
import type { JsonObject } from '../../shared/json.ts'
import type { ServerManifest } from '../../shared/manifest.ts'
import { temporaryFolder } from './temporary-folder.ts'

const root = join(import.meta.dirname, '../..')
const command = ['node', join(root, 'orchestrator/execute/fixtures/hostile-server.ts')]

/** Shorter times than in earnest, so that a test need not wait for what is patient on purpose. */
export const impatient: Partial<Limits> = {
  probeMs: 5_000,
  handshakeMs: 10_000,
  silenceMs: 1_000,
  leaveMs: 1_000,
  restart: { firstMs: 20, longestMs: 200 },
}

/** A server that misbehaves, under its name in the gateway. */
export interface HostileServer {
  /** How it misbehaves at its start: `HOSTILE_START`. */
  start?: string
  /** Speaks the newest revision. */
  modern?: boolean
  /** Stays when its stdin ends, and on SIGTERM. */
  stays?: boolean
  manifest?: Partial<ServerManifest>
  /** Instead of the hostile server. */
  command?: string[]
  /** What keeps it from being started at all. */
  misconfigured?: Error
}

export interface HostileGateway extends AsyncDisposable {
  gateway: Gateway
  /** Everything that was logged. */
  log: object[]
  /** Calls `read_thing` of `server`, or the tool that is named, and waits at most `within` milliseconds. */
  call(what: string, more?: CallMore): Promise<CallResult>
  outcome(what: string, more?: CallMore): Promise<CallOutcome>
  /** The structured output of a call that has to succeed. */
  output(what: string, more?: CallMore): Promise<JsonObject>
  status(server?: string): ServerStatus
  /** Pids of all processes that the server had so far. */
  starts(server?: string): Promise<number[]>
  /** What the log of the server holds. */
  stderr(server?: string): Promise<string>
  folder: string
}

export interface CallMore {
  server?: string
  tool?: string
  args?: JsonObject
  within?: number
  signal?: AbortSignal
  onProgress?: (progress: Progress) => void
}

/** Opens a gateway to hostile servers; `server` is there unless others are named. `await using` closes it. */
export async function openHostileGateway(
  servers: Record<string, HostileServer> = { server: {} },
  limits: Partial<Limits> = {},
): Promise<HostileGateway> {
  const folder = await temporaryFolder('remit-hostile-')
  const log: object[] = []
  const dataOf = (server: string) => join(folder.path, server)
  for (const server of Object.keys(servers)) await mkdir(dataOf(server))
  const manifests = Object.entries(servers).map(([name, server]) =>
    hostile(name, server.command ?? command, server.manifest),
  )
  const gateway = openGateway({
    catalogue: catalogueOf({ version: 1, servers: manifests }),
    launch(manifest) {
      const { start = '', modern = false, stays = false, misconfigured } = servers[manifest.name] ?? {}
      if (misconfigured) throw misconfigured
      const values = {
        HOSTILE_START: start,
        ...(modern && { HOSTILE_ERA: 'modern' }),
        ...(stays && { HOSTILE_STAYS: '1' }),
      }
      const place = { root, dataFolder: dataOf(manifest.name), logFile: `${dataOf(manifest.name)}.log` }
      return describeLaunch(manifest, { values, secrets: [] }, place)
    },
    sealers: (run) => createSealer(run, new Uint8Array(sealKeyBytes)),
    verdicts: openEraVerdicts(join(folder.path, 'eras.json'), () => new Date()),
    now: () => new Date(),
    log: { warn: (details, message) => log.push({ message, ...details }) },
    limits: { ...impatient, ...limits },
  })
  let calls = 0
  const call = (
    what: string,
    { server = 'server', tool = 'read_thing', args, within, signal, onProgress }: CallMore = {},
  ) =>
    gateway.call(
      {
        run_id: 'run',
        call_id: `call-${++calls}`,
        server,
        tool,
        arguments: { do: what, ...args },
        idempotency_key: `key-${calls}`,
        deadline: new Date(Date.now() + (within ?? 20_000)).toISOString(),
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      },
      { signal: signal ?? new AbortController().signal, ...(onProgress && { onProgress }) },
    )
  const outcome = async (what: string, more?: CallMore) => (await call(what, more)).outcome
  return {
    gateway,
    log,
    call,
    outcome,
    async output(what, more) {
      const settled = await outcome(what, more)
      if (settled.status !== 'succeeded') throw new Error(`${what} has ${settled.status}: ${settled.failure.message}`)
      return settled.output as JsonObject
    },
    status(server = 'server') {
      const found = gateway.status().find((status) => status.server === server)
      if (!found) throw new Error(`${server} was not needed so far`)
      return found
    },
    async starts(server = 'server') {
      const text = await readFile(join(dataOf(server), 'starts'), 'utf8').catch(() => '')
      return text.split('\n').filter(Boolean).map(Number)
    },
    stderr: (server = 'server') => readFile(`${dataOf(server)}.log`, 'utf8').catch(() => ''),
    folder: folder.path,
    async [Symbol.asyncDispose]() {
      await gateway.close()
      await folder.remove()
    },
  }
}

/** Waits until something holds; says what was hoped for when it never does. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 20_000; !(await holds()); ) {
    if (Date.now() > end) throw new Error(`never came true: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** True while a process with this pid runs; one that only waits to be buried does not. */
export function isRunning(pid: number): boolean {
  return identify(pid) !== undefined
}
