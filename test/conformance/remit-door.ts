import { readConfig } from '../../orchestrator/config.ts'
import { holding } from '../../orchestrator/enforce/fixtures/policies.ts'
import { createApp } from '../../orchestrator/http/create-app.ts'
import { listen } from '../../orchestrator/http/listen.ts'
import { mcpModule } from '../../orchestrator/http/mcp-module.ts'
import { openRateLimiter } from '../../orchestrator/http/rate-limit.ts'
import { scopes } from '../../orchestrator/model/caller.ts'
import { openMcpDoor } from '../../orchestrator/open-mcp-door.ts'
import { openPursuits } from '../../orchestrator/open-pursuits.ts'
import { openService } from '../../orchestrator/open-service.ts'
import { knownReasoners, openReasoners } from '../../orchestrator/reasoners.ts'
import { openRecord, type RecordOptions } from '../../orchestrator/record/open-record.ts'
import { CancellableGateway } from '../../orchestrator/run/cancellable-gateway.ts'
import { openFront } from './credential-front.ts'
import { heldJobs, jobGoals, jobTools, openJobs } from './fixtures/jobs.ts'
import { taskTools } from './fixtures/task-tools.ts'
import type { Door } from './kit-door.ts'

/**
 * `/mcp` of Remit as `npm start` serves it, behind a key: its application, its record in Postgres, and a worker that pursues
 * what is started. The suite's tools are there instead of Remit's own, and each is a run. Troubles go to `onTrouble`.
 */
export async function openRemitDoor(place: RecordOptions, onTrouble: (error: unknown) => void): Promise<Door> {
  await using opened = new AsyncDisposableStack()
  const config = readConfig({})
  const record = await openRecord(place)
  opened.defer(record.close)
  const goals = jobGoals
  const gateway = new CancellableGateway(openJobs())
  const pursuing = await openPursuits({
    config,
    policy: holding(...heldJobs),
    catalogue: jobTools,
    goalNamed: (name) => goals.find(({ goal }) => goal === name),
    record,
    gateway,
    reasoners: openReasoners(config.claude),
  })
  opened.defer(pursuing.close)
  const worker = pursuing.work({ most: 16, watch: () => ({}), onTrouble })
  opened.defer(() => worker.close(1_000))
  const reasoners = knownReasoners({})
  const door = await openMcpDoor({ home: place.home, goals, catalogue: jobTools, reasoners, record, pursuing, gateway })
  opened.defer(door.close)
  const service = await openService({
    mode: 'emulated',
    catalogue: jobTools,
    goals,
    reasoners,
    record,
    pursuing,
    gateway: undefined,
  })
  opened.defer(service.close)

  const stopping = new AbortController()
  const limiter = openRateLimiter(() => performance.now())
  const keys = record.apiKeys.callerOf
  const onDefect = (what: string, error: unknown) => onTrouble(new Error(what, { cause: error }))
  const mcp = mcpModule({ door, tools: taskTools, keys, issuer: undefined, publicUrl: undefined, limiter, onDefect })
  const { app } = createApp({
    service,
    authenticate: keys,
    modules: [mcp],
    limiter,
    stopping: stopping.signal,
    onTrouble,
  })
  const server = await listen(app, { host: '127.0.0.1', port: 0 })
  opened.defer(() => server.close(1_000))
  opened.defer(() => stopping.abort())
  const { text: key } = await record.apiKeys.create({
    tenant: 'default',
    principal: 'conformance',
    name: 'conformance',
    scopes,
    ceiling: {},
    requests_per_minute: 100_000,
    created_by: 'conformance',
  })
  const front = await openFront(new URL('/mcp', server.url).href, async () => `Bearer ${key}`)
  opened.defer(front.close)
  const closing = opened.move()
  return { url: front.url, close: () => closing.disposeAsync() }
}
