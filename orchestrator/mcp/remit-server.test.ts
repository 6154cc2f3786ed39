import { Client, InMemoryTransport } from '@modelcontextprotocol/client'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { metaKeys } from '../../shared/capability/call-meta.ts'
import type { JsonObject } from '../../shared/json.ts'
import { mcpScopes } from './backend.ts'
import { buildRemitServer } from './build-remit-server.ts'
import { callerWith, type FakeBackend, fakeBackend, runId } from './fixtures/fake-backend.ts'
import { tasksExtension } from './run-task.ts'

vi.setConfig({ testTimeout: 20_000 })

const everything = [...mcpScopes]
const eras = [
  { era: 'modern', mode: { pin: '2026-07-28' } },
  { era: 'legacy', mode: 'legacy' as const },
]
const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

interface Setting {
  backend?: FakeBackend
  scopes?: string[]
  mode?: 'legacy' | { pin: string }
  capabilities?: ConstructorParameters<typeof Client>[1]
  /** What the client's user says to a form. */
  says?: { action: 'accept' | 'decline' | 'cancel'; content?: Record<string, string> }
}

async function connect({ backend = fakeBackend(), scopes = everything, mode, capabilities, says }: Setting = {}) {
  const defects: unknown[] = []
  const build = buildRemitServer({
    backend,
    callerOf: () => callerWith(...scopes),
    stateKey: new Uint8Array(32),
    onDefect: (what, error) => defects.push([what, error]),
  })
  const [near, far] = InMemoryTransport.createLinkedPair()
  const served = serveStdio(build, { transport: far })
  const forms: unknown[] = []
  const client = new Client(
    { name: 'test', version: '0' },
    {
      versionNegotiation: { mode: mode ?? { pin: '2026-07-28' } },
      capabilities: { ...(says && { elicitation: { form: {} } }), ...capabilities?.capabilities },
    },
  )
  if (says)
    client.setRequestHandler('elicitation/create', ({ params }) => {
      forms.push(params)
      return says
    })
  await client.connect(near)
  closers.push(
    () => served.close(),
    () => client.close(),
  )
  const call = (name: string, args: JsonObject = {}) => client.callTool({ name, arguments: args })
  return { client, call, backend, forms, defects }
}

const theCall = { tool: 'billing.create_customer', arguments: { name: 'Acme' } }

describe.each(eras)('a $era client', ({ mode }) => {
  test('sees the tools, each with a title and what it does to the world', async () => {
    const { client } = await connect({ mode })
    const { tools } = await client.listTools()
    expect(tools.map(({ name }) => name)).toEqual([
      'answer_run',
      'call_tool',
      'cancel_run',
      'find_tools',
      'get_run',
      'list_runs',
      'start_run',
    ])
    for (const { title, annotations } of tools) {
      expect(title).toEqual(expect.any(String))
      expect(annotations).toMatchObject({ readOnlyHint: expect.any(Boolean), destructiveHint: expect.any(Boolean) })
    }
  })

  test('starts a run and gets its id at once', async () => {
    const { call, backend } = await connect({ mode })
    const { structuredContent } = await call('start_run', { goal: 'onboard', input: { company: 'Acme' } })
    expect(structuredContent).toEqual({ run_id: runId, goal: 'onboard', status: 'queued' })
    expect(backend.asked).toEqual([{ goal: 'onboard', input: { company: 'Acme' } }])
  })

  test('waits for a run when it asks to, and hears how far it is', async () => {
    const { client, backend } = await connect({ mode })
    const told: (string | undefined)[] = []
    const waiting = client.callTool(
      { name: 'start_run', arguments: { goal: 'onboard', wait_seconds: 30 } },
      { onprogress: ({ message }) => told.push(message) },
    )
    await vi.waitFor(() => expect(told).toHaveLength(1), { timeout: 5_000 })
    await backend.happens('run_finished', { status: 'succeeded', outcomes: [], result: { made: 1 } })
    expect((await waiting).structuredContent).toMatchObject({ run_id: runId, status: 'succeeded', result: { made: 1 } })
  })

  test('is told what is wrong with what it asks for', async () => {
    const { call } = await connect({ mode })
    const result = await call('start_run', { goal: 'onbord' })
    expect(result).toMatchObject({
      isError: true,
      _meta: { [metaKeys.outcome]: { failure: { kind: 'invalid_input' } } },
    })
    expect(result.content).toMatchObject([{ text: 'There is no goal onbord\n/goal: must be onboard' }])
  })

  test('finds tools with the schemas that a call needs, and calls one', async () => {
    const { call, backend } = await connect({ mode })
    const { structuredContent: found } = await call('find_tools', { query: 'customer' })
    expect(found).toMatchObject({ tools: [{ tool: 'billing.create_customer', input: { type: 'object' } }] })
    const { structuredContent } = await call('call_tool', theCall)
    expect(structuredContent).toEqual({ run_id: runId, output: { customer_id: 'cus_1' } })
    expect(backend.asked).toContainEqual({ call: 'billing.create_customer', arguments: { name: 'Acme' } })
  })

  test('decides a held call where its user may, by a form', async () => {
    const says = { action: 'accept' as const, content: { choice: 'approve', why: 'a good customer' } }
    const { call, backend, forms } = await connect({ mode, backend: fakeBackend({ holds: 'two_eyes' }), says })
    const { structuredContent } = await call('call_tool', theCall)
    expect(structuredContent).toMatchObject({ output: { customer_id: 'cus_1' } })
    expect(forms).toMatchObject([{ message: 'May billing.create_customer run?' }])
    expect(backend.asked).toContainEqual({
      decided: 'approve',
      approval_id: backend.approvalId,
      by: 'user:ada',
      why: 'a good customer',
    })
  })

  test.each(['decline', 'cancel'] as const)('leaves a held call as it is, and asks no more, on %s', async (action) => {
    const backend = fakeBackend({ holds: 'two_eyes' })
    const { call, forms } = await connect({ mode, backend, says: { action } })
    const result = await call('call_tool', theCall)
    expect(result.isError).toBe(true)
    expect(result.content).toMatchObject([{ text: expect.stringContaining(`remit approve ${backend.approvalId}`) }])
    expect(forms).toHaveLength(1)
    expect(backend.asked).not.toContainEqual(expect.objectContaining({ decided: expect.anything() }))
  })

  test.each([
    ['somebody without the right to decide', 'two_eyes', everything.filter((scope) => scope !== 'approvals:decide')],
    ['who asked, under four eyes', 'four_eyes', everything],
  ] as const)('never puts a held call to %s', async (_, holds, scopes) => {
    const backend = fakeBackend({ holds })
    const says = { action: 'accept' as const, content: { choice: 'approve' } }
    const { call, forms } = await connect({ mode, backend, scopes: [...scopes], says })
    const result = await call('call_tool', theCall)
    expect(result).toMatchObject({ isError: true, structuredContent: { approval_id: backend.approvalId } })
    expect(forms).toEqual([])
    const answered = await call('answer_run', { run_id: runId, approval_id: backend.approvalId, choice: 'approve' })
    expect(answered.isError).toBe(true)
    expect(backend.asked).not.toContainEqual(expect.objectContaining({ decided: expect.anything() }))
  })

  test('lets who may only decide decide, and answer nothing else', async () => {
    const backend = fakeBackend({ holds: 'two_eyes' })
    await (await connect({ mode, backend })).call('call_tool', theCall)
    const { call } = await connect({ mode, backend, scopes: ['approvals:decide'] })
    expect(await call('answer_run', { run_id: runId, choice: 'undo' })).toMatchObject({ isError: true })
    const decision = { run_id: runId, approval_id: backend.approvalId, choice: 'deny' }
    expect((await call('answer_run', decision)).structuredContent).toMatchObject({ answered: 'deny' })
  })

  test('hands on who is to decide for a run', async () => {
    const { call, backend } = await connect({ mode })
    await call('start_run', { goal: 'onboard', reasoner: 'claude' })
    expect(backend.asked).toEqual([{ goal: 'onboard', input: {}, reasoner: 'claude' }])
  })

  test.each([
    ['start_run', 'runs:write', { goal: 'onboard' }],
    ['get_run', 'runs:read', { run_id: runId }],
    ['list_runs', 'runs:read', {}],
    ['cancel_run', 'runs:write', { run_id: runId }],
    ['find_tools', 'tools:read', { query: 'x' }],
    ['call_tool', 'tools:call', theCall],
  ])('cannot use %s without %s', async (name, scope, args) => {
    const backend = fakeBackend()
    const { call } = await connect({ mode, backend, scopes: everything.filter((one) => one !== scope) })
    const result = await call(name, args)
    expect(result.content).toMatchObject([{ text: `${name} needs a key with the scope ${scope}` }])
    expect(backend.asked).toEqual([])
  })

  test('reads runs and their timelines as resources', async () => {
    const { client, call } = await connect({ mode })
    await call('start_run', { goal: 'onboard' })
    const { resources } = await client.listResources()
    expect(resources.map(({ uri }) => uri)).toEqual([`remit://runs/${runId}`, `remit://runs/${runId}/timeline`])
    const [timeline] = (await client.readResource({ uri: `remit://runs/${runId}/timeline` })).contents
    expect(JSON.parse((timeline as { text: string }).text)).toEqual([{ seq: 1, type: 'run_created' }])
    const none = client.readResource({ uri: 'remit://runs/0190f000-0000-7000-8000-000000000009' })
    await expect(none).rejects.toThrow()
  })

  test('has a prompt for each goal', async () => {
    const { client } = await connect({ mode })
    expect((await client.listPrompts()).prompts).toMatchObject([{ name: 'onboard', title: 'Onboard a customer' }])
    const { messages } = await client.getPrompt({ name: 'onboard', arguments: { details: 'Acme, 25 seats' } })
    expect(messages[0]?.content).toMatchObject({
      text: expect.stringMatching(/"onboard".*start_run.*Acme, 25 seats/s),
    })
  })

  test('is shown no prompt for what it may not start', async () => {
    const { client } = await connect({ mode, scopes: ['runs:read'] })
    await expect(client.getPrompt({ name: 'onboard', arguments: { details: 'Acme' } })).rejects.toThrow()
  })

  test('hears of a defect only that there was one', async () => {
    const backend = { ...fakeBackend(), listRuns: async () => Promise.reject(new Error('postgres://owner:hunter2@db')) }
    const { call, defects } = await connect({ mode, backend })
    expect(await call('list_runs')).toMatchObject({ isError: true, content: [{ text: 'list_runs ended by a defect' }] })
    expect(defects).toHaveLength(1)
  })
})

describe('a client that follows tasks', () => {
  const capabilities = { capabilities: { extensions: { [tasksExtension]: {} } } }
  const request = async (client: Client, method: string, params: JsonObject) =>
    client.request({ method, params }, anything) as Promise<JsonObject>

  test('gets a run as a task, whose result is the run', async () => {
    const { client, backend } = await connect({ capabilities })
    await client.callTool({ name: 'start_run', arguments: { goal: 'onboard' } }).catch(() => undefined)
    const working = await request(client, 'tasks/get', { taskId: runId })
    expect(working).toMatchObject({ taskId: runId, status: 'working', ttlMs: null, pollIntervalMs: 1_000 })
    await backend.happens('run_finished', {
      status: 'failed',
      outcomes: [],
      result: null,
      error: { code: 'declined', message: 'no card' },
    })
    expect(await request(client, 'tasks/get', { taskId: runId })).toMatchObject({
      status: 'completed',
      result: { isError: true, structuredContent: { run_id: runId, status: 'failed' } },
    })
  })

  test('answers what a run asks, and cancels it', async () => {
    const backend = fakeBackend({ holds: 'two_eyes' })
    const { client, call } = await connect({ capabilities, backend })
    await call('call_tool', theCall)
    const asking = await request(client, 'tasks/get', { taskId: runId })
    expect(asking).toMatchObject({
      status: 'input_required',
      inputRequests: { [backend.approvalId]: expect.anything() },
    })
    const inputResponses = { [backend.approvalId]: { action: 'accept', content: { choice: 'deny' } } }
    await request(client, 'tasks/update', { taskId: runId, inputResponses })
    expect(backend.asked).toContainEqual(expect.objectContaining({ decided: 'deny' }))
    await request(client, 'tasks/cancel', { taskId: runId })
    await request(client, 'tasks/cancel', { taskId: runId })
    expect(backend.asked.filter((one) => Object.hasOwn(one as object, 'cancel'))).toHaveLength(1)
  })

  test('is told of a task that is not there, or not theirs', async () => {
    const { client } = await connect({ capabilities })
    await expect(request(client, 'tasks/get', { taskId: 'nothing' })).rejects.toMatchObject({ code: -32_602 })
  })

  test('has to have said that it does', async () => {
    const { client, call } = await connect()
    await call('start_run', { goal: 'onboard' })
    await expect(request(client, 'tasks/get', { taskId: runId })).rejects.toMatchObject({ code: -32_021 })
  })
})

/** A schema that takes everything: the SDK has no type for the tasks extension. */
const anything = {
  '~standard': { version: 1 as const, vendor: 'test', validate: (value: unknown) => ({ value }) },
}
