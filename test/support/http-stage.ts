import { holding } from '../../orchestrator/enforce/fixtures/policies.ts'
import { type App, type AppLimits, createApp } from '../../orchestrator/http/create-app.ts'
import type { RouteModule } from '../../orchestrator/http/http-env.ts'
import { policyRoutes } from '../../orchestrator/http/routes/policy.ts'
import { replayRoutes } from '../../orchestrator/http/routes/replay.ts'
import { serverRoutes } from '../../orchestrator/http/routes/servers.ts'
import type { Service } from '../../orchestrator/http/service.ts'
import { type Ceiling, type Scope, scopes } from '../../orchestrator/model/caller.ts'
import type { KnownReasoner } from '../../orchestrator/model/known-reasoner.ts'
import { withSubGoals } from '../../orchestrator/model/sub-goals.ts'
import { openLookBack } from '../../orchestrator/open-look-back.ts'
import { openService } from '../../orchestrator/open-service.ts'
import { knownReasoners } from '../../orchestrator/reasoners.ts'
import type { Json } from '../../shared/json.ts'
import { type LookedAfter, lookedAfter } from './looked-after.ts'
import { heldTools, stationGoals, stationTools } from './workers/stations.ts'
import { openYard, type Yard } from './workers/yard.ts'

/** What differs from a key that may do everything. */
export interface KeyOptions {
  tenant?: string
  principal?: string
  scopes?: readonly Scope[]
  ceiling?: Ceiling
  requests_per_minute?: number
  expires_at?: Date
}

export interface Asked {
  method?: string
  body?: Json
  headers?: Record<string, string>
}

/** Sends requests to the application under one key. */
export type Client = (path: string, asked?: Asked) => Promise<Response>

/** The application over the stations and a record of their own; workers, if a test starts any, are other processes. */
export interface HttpStage extends App, AsyncDisposable {
  yard: Yard
  service: Service
  /** The servers that are there to be looked after; those of runs are the stations. */
  looked: LookedAfter
  /** What nobody foresaw, so far. */
  troubles: unknown[]
  makeKey(options?: KeyOptions): Promise<{ key_id: string; text: string }>
  /** Somebody with a new key. */
  client(options?: KeyOptions): Promise<Client>
  stop(): void
}

export async function openHttpStage({
  limits,
  modules = () => [],
  reasoners = knownReasoners({}),
  wrap = (service) => service,
}: {
  limits?: Partial<AppLimits>
  /** Routes of others, over the same record. */
  modules?(yard: Yard): readonly RouteModule[] | Promise<readonly RouteModule[]>
  reasoners?: readonly KnownReasoner[]
  wrap?(service: Service): Service
} = {}): Promise<HttpStage> {
  const yard = await openYard()
  const { record, pursuing } = yard
  const goals = Object.values(stationGoals)
  const catalogue = withSubGoals(stationTools, goals)
  const parts = { catalogue, goals, reasoners, record, pursuing, gateway: undefined }
  const service = await openService({ mode: 'emulated', ...parts })
  const looked = await lookedAfter(record)
  const lookBack = openLookBack({ record, catalogue, policy: holding(...heldTools) })
  const stopping = new AbortController()
  const troubles: unknown[] = []
  const app = createApp({
    service: wrap(service),
    authenticate: record.apiKeys.callerOf,
    modules: [
      ...(await modules(yard)),
      policyRoutes(lookBack),
      replayRoutes(lookBack),
      serverRoutes(looked.administration),
    ],
    stopping: stopping.signal,
    onTrouble: (error) => troubles.push(error),
    ...(limits ? { limits } : {}),
  })
  const makeKey = (options: KeyOptions = {}) =>
    record.apiKeys.create({
      tenant: 'default',
      principal: 'ann',
      name: 'test',
      scopes,
      ceiling: {},
      requests_per_minute: 100_000,
      created_by: 'test',
      ...options,
    })
  return {
    ...app,
    yard,
    service,
    looked,
    troubles,
    makeKey,
    async client(options) {
      const { text } = await makeKey(options)
      return clientOf(app, text)
    },
    stop: () => stopping.abort(),
    async [Symbol.asyncDispose]() {
      stopping.abort()
      await service.close()
      await looked[Symbol.asyncDispose]()
      await yard[Symbol.asyncDispose]()
    },
  }
}

function clientOf({ app }: App, key: string): Client {
  return async (path, { method = 'GET', body, headers = {} } = {}) =>
    app.request(path, {
      method,
      headers: {
        Authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
}

/** A run of the goal `three`, recorded and nobody's yet. */
export async function startRun(client: Client, subject = 'acme', goal = 'three'): Promise<string> {
  const response = await client('/v1/runs', { method: 'POST', body: { goal, input: { subject } } })
  if (response.status !== 202) throw new Error(`no run was started: ${response.status} ${await response.text()}`)
  const { run_id } = (await response.json()) as { run_id: string }
  return run_id
}
