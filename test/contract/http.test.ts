import { setTimeout as sleep } from 'node:timers/promises'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApp } from '../../orchestrator/http/create-app.ts'
import type { RouteModule } from '../../orchestrator/http/http-env.ts'
import type { OpenApi } from '../../orchestrator/http/openapi.ts'
import { ProblemError } from '../../orchestrator/http/problem.ts'
import { replayRoutes } from '../../orchestrator/http/routes/replay.ts'
import type { Authenticate, Service } from '../../orchestrator/http/service.ts'
import { readJoined } from '../../orchestrator/joined-files.ts'
import { RecordUnavailableError } from '../../orchestrator/record/record-errors.ts'
import { AnswerError } from '../../orchestrator/run/answer.ts'
import type { Json } from '../../shared/json.ts'
import { formatPointer } from '../../shared/json-pointer.ts'
import { type HttpStage, openHttpStage } from '../support/http-stage.ts'

/** A request that a route answers so. */
interface Provocation {
  /** Stands for `{id}`; a run that was just recorded, or an approval that is open, unless said. */
  id?: string | undefined
  query?: string
  body?: Json
  /** Instead: a text that need not be JSON. */
  raw?: string
  headers?: Record<string, string>
  /** The key, where it is not one that may do everything. */
  key?: string
  app?: HttpStage['app']
  /** What is sent before, to the same place. */
  before?: Json
}

interface Operation {
  method: string
  path: string
  isKeyed: boolean
  statuses: Record<string, { content?: Record<string, { schema?: object }> }>
}

let stage: HttpStage
let operations: Operation[]
let ajv: Ajv2020
const keys: Record<string, string> = {}
const approvals: string[] = []
const runs: Partial<Record<'asked' | 'ended', string>> = {}
const nobody = '01890000-0000-7000-8000-00000000dead'
/** Somebody else has decided in between. */
const late: Partial<Service> = {
  decideApproval: async () => {
    throw new AnswerError('The approval is not open any more')
  },
}
/** A run that has no end. */
const endless: Partial<Service> = {
  async *exportRun() {
    for (;;) yield 'x'.repeat(1_000_000)
  },
}
/** A run that takes too long to be derived again. */
const tooMuch = {
  async replay() {
    throw new ProblemError('too_large', 'The run is too large')
  },
}
const otherFingerprint = `sha256:${'0'.repeat(64)}`
const noName = 'x'.repeat(65)
const input = { subject: 'acme' }

beforeAll(async () => {
  stage = await openHttpStage()
  const document = await stage.openApi()
  operations = operationsOf(document)
  ajv = new Ajv2020({ strict: false, validateFormats: false })
  ajv.addSchema({ ...document, $id: 'openapi' })
  keys.all = (await stage.makeKey()).text
  keys.none = (await stage.makeKey({ scopes: [] })).text
  await using _worker = stage.yard.startWorker()
  for (let held = 0; held < 3; held++) await recordRun('held')
  runs.asked = await recordRun('asked')
  runs.ended = await recordRun('three')
  while (approvals.length < 3) {
    await sleep(100)
    approvals.splice(0, 3, ...(await stage.service.openApprovals('default')).map(({ approval_id }) => approval_id))
  }
  for (const [name, status] of [
    ['asked', 'waiting'],
    ['ended', 'succeeded'],
  ] as const)
    while ((await stage.service.findRun('default', String(runs[name])))?.status !== status) await sleep(100)
}, 120_000)
afterAll(async () => {
  expect(stage.troubles).toEqual([])
  await stage[Symbol.asyncDispose]()
})

describe('the OpenAPI document', () => {
  it('names every route of the application', () => {
    const routes = stage.app.routes.flatMap(({ method, path }) =>
      method === 'ALL' ? [] : [`${method} ${path.replace(/:([a-z]+)/g, '{$1}')}`],
    )
    expect(operations.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([...new Set(routes)].sort())
  })

  it('is true of every route and every status that it documents', async () => {
    const faults: string[] = []
    for (const operation of operations)
      for (const status of Object.keys(operation.statuses).map(Number)) {
        const fault = await faultOf(operation, status)
        if (fault !== undefined) faults.push(`${operation.method} ${operation.path} ${status}: ${fault}`)
      }
    expect(faults).toEqual([])
  }, 120_000)
})

/** Provokes a status and holds what is answered against the document. */
async function faultOf(operation: Operation, status: number): Promise<string | undefined> {
  const own = await ownRoute(status, operation)
  const provocation = own ?? (await anyRoute(status, operation))
  if (provocation.before !== undefined) await send(operation, { ...provocation, body: provocation.before })
  const response = await send(operation, provocation)
  const text = await response.text()
  if (response.status !== status) return `answers ${response.status}: ${text.slice(0, 300)}`
  if (text.includes('secret')) return `tells what it must not: ${text}`
  const media = response.headers.get('Content-Type')?.split(';')[0] ?? ''
  const documented = operation.statuses[status]?.content
  if (!documented) return text === '' ? undefined : `has a body that is not documented: ${text}`
  if (!documented[media]) return `answers with ${media}, and the document has ${Object.keys(documented)}`
  if (!/[/+]json$/.test(media)) return undefined
  const place = [
    'paths',
    operation.path,
    operation.method.toLowerCase(),
    'responses',
    status,
    'content',
    media,
    'schema',
  ]
  const check = ajv.compile({ $ref: `openapi#${formatPointer(place)}` })
  return check(JSON.parse(text)) ? undefined : `${ajv.errorsText(check.errors)}: ${text}`
}

async function send({ method, path, isKeyed }: Operation, provocation: Provocation): Promise<Response> {
  const { query = '', body, raw, headers = {}, key = keys.all, app = stage.app } = provocation
  const id =
    provocation.id ??
    (path.startsWith('/v1/approvals')
      ? approvals[0]
      : path.includes('{name}')
        ? 'crm'
        : path.includes('{id}')
          ? await recordRun('three')
          : '')
  const content = method === 'GET' ? undefined : (raw ?? (body === undefined ? undefined : JSON.stringify(body)))
  return app.request(path.replace(/{(id|name)}/, String(id)) + query, {
    method,
    headers: {
      ...(isKeyed ? { Authorization: `Bearer ${key}` } : {}),
      ...(content === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(content === undefined ? {} : { body: content }),
  })
}

/** A server that can be taken out. */
async function joined(): Promise<string> {
  if (!readJoined(stage.looked.config).files) await stage.looked.join()
  return 'files'
}

/** What `crm` tells of a tool that was changed. */
async function fingerprintNow(): Promise<string> {
  stage.looked.tell('crm', 'Makes an item, and says so.')
  const { changed } = await stage.looked.administration.changes('crm')
  return String(changed[0]?.live?.fingerprint ?? stage.looked.pins()[0]?.fingerprint)
}

async function recordRun(goal: 'three' | 'held' | 'asked'): Promise<string> {
  const found = stage.service.goals.find((one) => one.goal === goal)
  if (!found) throw new Error(`there is no goal ${goal}`)
  return stage.service.createRun(
    { tenant: 'default', principal: 'ann' },
    { goal: found, input: { ...input }, reasoner: 'planner' },
  )
}

/** The application, where authentication goes wrong in one way or another: every keyed route meets that. */
function appWhere(
  authenticate: Authenticate,
  changed: Partial<Service> = {},
  { requestMs = 30_000, modules = [] }: { requestMs?: number; modules?: RouteModule[] } = {},
): HttpStage['app'] {
  const { app } = createApp({
    service: { ...stage.service, ...changed },
    authenticate,
    modules,
    stopping: new AbortController().signal,
    onTrouble: () => {},
    limits: { requestMs },
  })
  return app
}

function operationsOf({ paths }: OpenApi): Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries((methods ?? {}) as Record<string, { responses: Operation['statuses']; security?: unknown[] }>).map(
      ([method, { responses, security }]) => ({
        method: method.toUpperCase(),
        path,
        isKeyed: security === undefined,
        statuses: responses,
      }),
    ),
  )
}

/** What is true of every route that has the status. */
async function anyRoute(status: number, { path }: Operation): Promise<Provocation> {
  switch (status) {
    case 400:
      return { raw: '{"goal": ' }
    case 401:
      return { key: `remit_${'0'.repeat(16)}_${'A'.repeat(43)}` }
    case 403:
      return path.startsWith('/v1/') || path === '/metrics'
        ? { key: String(keys.none), body: {} }
        : { headers: { Origin: 'https://evil.example' } }
    case 404:
      return {
        id: nobody,
        body: path.endsWith('/answer') ? { choice: 'undo' } : path.endsWith('/fork') ? { at: 1 } : {},
      }
    case 413:
      return { body: { why: 'x'.repeat(1_100_000) } }
    case 415:
      return { headers: { 'Content-Type': 'text/plain' }, raw: '{}' }
    case 421:
      return { headers: { Host: 'evil.example' } }
    case 429:
      return { id: nobody, key: (await stage.makeKey({ requests_per_minute: 1 })).text, before: {} }
    case 500:
      return { app: appWhere(() => Promise.reject(new TypeError('a defect, with a secret in it'))) }
    case 503:
      return { app: appWhere(() => Promise.reject(new RecordUnavailableError(undefined))) }
    case 504:
      return { app: appWhere(() => new Promise(() => {}), {}, { requestMs: 50 }) }
    default:
      return {}
  }
}

/** What takes something of its own. */
async function ownRoute(status: number, { method, path }: Operation): Promise<Provocation | undefined> {
  if (path.startsWith('/v1/approvals/')) return decision(status)
  const own: Record<string, Record<number, Provocation>> = {
    'GET /readyz': {
      503: { app: appWhere(async () => undefined, { countDue: () => Promise.reject(new Error('away')) }) },
    },
    'POST /v1/runs': {
      202: { body: { goal: 'three', input } },
      409: {
        before: { goal: 'three', input: { subject: 'another' } },
        body: { goal: 'three', input },
        headers: { 'Idempotency-Key': 'one' },
      },
      422: { body: { goal: 'three' } },
    },
    'GET /v1/runs': { 422: { query: '?limit=none' } },
    'GET /v1/runs/{id}': { 422: { id: 'last' } },
    'GET /v1/runs/{id}/replay': {
      413: { app: appWhere(stage.yard.record.apiKeys.callerOf, {}, { modules: [replayRoutes(tooMuch)] }) },
      422: { id: 'last' },
    },
    'POST /v1/policy/test': {
      200: { body: { policy: 'rules: []', limit: 1 } },
      404: { body: { run: nobody } },
      422: { body: { policy: 'rules: 5' } },
    },
    'GET /v1/runs/{id}/verification': { 422: { id: 'last' } },
    'GET /v1/runs/{id}/export': {
      413: { app: appWhere(stage.yard.record.apiKeys.callerOf, endless) },
      422: { id: 'last' },
    },
    'GET /v1/runs/{id}/events': {
      204: { id: runs.ended, headers: { Accept: 'text/event-stream', 'Last-Event-ID': await endOf(runs.ended) } },
      422: { query: '?after=-1' },
    },
    'POST /v1/runs/{id}/cancel': {
      202: { body: {} },
      409: { id: await recordRun('three'), before: {}, body: {} },
      422: { body: { why: 7 } },
    },
    'POST /v1/runs/{id}/answer': {
      202: { id: runs.asked, body: { choice: 'undo' } },
      409: { body: { choice: 'accept' } },
      422: { body: {} },
    },
    'POST /v1/runs/{id}/fork': { 202: { body: { at: 1 } }, 422: { body: { at: 100 } } },
    'POST /v1/keys': { 201: { body: { name: 'one', scopes: ['runs:read'] } }, 422: { body: { name: 'one' } } },
    'DELETE /v1/keys/{id}': {
      204: { id: (await stage.makeKey()).key_id },
      404: { id: '0'.repeat(16) },
      422: { id: 'last' },
      429: { id: '0'.repeat(16), key: (await stage.makeKey({ requests_per_minute: 1 })).text, before: {} },
    },
    'GET /v1/servers/{name}': { 422: { id: noName } },
    'GET /v1/servers/{name}/changes': { 422: { id: noName } },
    'POST /v1/servers/{name}/accept': {
      200: { body: { tools: { make_item: await fingerprintNow() } } },
      404: { id: 'nobody', body: { tools: { make_item: otherFingerprint } } },
      409: { body: { tools: { make_item: otherFingerprint } } },
      422: { body: {} },
    },
    'DELETE /v1/servers/{name}': { 204: { id: await joined() }, 409: {}, 422: { id: noName } },
    'GET /v1/tools': { 422: { query: '?limit=0' } },
  }
  return own[`${method} ${path}`]?.[status]
}

function decision(status: number): Provocation | undefined {
  const own: Record<number, Provocation> = {
    202: { id: status === 202 ? approvals.shift() : undefined, body: { why: 'it is right' } },
    409: { app: appWhere(stage.yard.record.apiKeys.callerOf, late), body: {} },
    422: { body: { why: 7 } },
  }
  return own[status]
}

async function endOf(runId: string | undefined): Promise<string> {
  return String((await stage.service.situation('default', String(runId))).seq)
}
