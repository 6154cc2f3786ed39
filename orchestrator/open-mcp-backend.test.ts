import { describe, expect, test } from 'vitest'
import { catalogue, goal, MemoryJournal, tool } from '../test/support/rehearsal.ts'
import { callerWith, runId } from './mcp/fixtures/fake-backend.ts'
import { draft } from './model/event.ts'
import { createSealer } from './model/seal.ts'
import { openMcpBackend } from './open-mcp-backend.ts'

const onboard = goal(
  { 'a.thing': 'undo' },
  {
    goal: 'onboard',
    input: {
      type: 'object',
      properties: { company: { type: 'string' } },
      required: ['company'],
      additionalProperties: false,
    },
  },
)
const now = () => new Date('2026-01-01T00:00:00Z')

async function open() {
  const journal = new MemoryJournal(now)
  const created: unknown[] = []
  const woken: string[] = []
  const backend = openMcpBackend({
    goals: [onboard],
    catalogue: catalogue({ a: [tool('create_a')] }),
    reasoners: [
      { name: 'planner', reads_texts: false },
      { name: 'claude', reads_texts: true },
      { name: 'oracle', reads_texts: true, lacks: 'a tripod' },
    ],
    record: { journal, queries: { listRuns: async (tenant) => ({ runs: [], next: tenant }) } },
    pursuing: {
      createRun: async (goal, input, options) => {
        created.push({ budget: goal.budget.tool_calls, input, options })
        return runId
      },
      desk: { journal, clock: { now } },
      wake: async (id) => void woken.push(id),
    },
    calls: { callTool: async () => notCalled(), resumeCall: async () => notCalled() },
    untilGrown: async () => {},
  })
  const digests = { goal: '', catalogue: '', policy: '', reasoner: '' }
  const sealed = createSealer(runId, new Uint8Array(32)).seal('hunter2', '/password')
  const input = { company: 'Acme', password: { ...sealed } }
  const first = draft('run_created', { goal: onboard, input, mode: 'emulated', reasoner: 'planner', digests })
  await journal.append(runId, [first])
  return { backend, journal, created, woken }
}

const notCalled = (): never => {
  throw new Error('nothing is called here')
}
const mine = { ...callerWith(), tenant: 'default' }
const theirs = { ...callerWith(), tenant: 'other' }

describe('the backend of the MCP server', () => {
  test('records a run in the name of the caller, with no more than the goal may spend', async () => {
    const { backend, created } = await open()
    const run = { goal: 'onboard', input: { company: 'Acme' } }
    expect(await backend.startRun(mine, { ...run, budget: { tool_calls: 3 } })).toBe(runId)
    const owner = { tenant: 'default', principal: 'user:ada' }
    const options = { mine: false, owner, reasoner: 'planner' }
    expect(created).toEqual([{ budget: 3, input: { company: 'Acme' }, options }])
    await expect(backend.startRun(mine, { ...run, budget: { tool_calls: 1_000_000 } })).rejects.toMatchObject({
      failure: { kind: 'budget_exhausted', issues: [{ path: '/budget/tool_calls' }] },
    })
  })

  test('lets who is asked for decide, where they can', async () => {
    const { backend, created } = await open()
    const run = { goal: 'onboard', input: { company: 'Acme' } }
    await backend.startRun(mine, { ...run, reasoner: 'claude' })
    expect(created).toMatchObject([{ options: { reasoner: 'claude' } }])
    for (const [reasoner, message] of [
      ['sphinx', 'there is no reasoner sphinx; there are planner and claude and oracle'],
      ['oracle', 'oracle cannot decide here: it needs a tripod'],
    ] as const)
      await expect(backend.startRun(mine, { ...run, reasoner })).rejects.toMatchObject({
        failure: { kind: 'invalid_input', issues: [{ path: '/reasoner', message }] },
      })
    expect(created).toHaveLength(1)
  })

  test('lets nobody change a run of a goal that their key is not for', async () => {
    const { backend, journal } = await open()
    const other = { ...mine, scopes: new Set(['approvals:decide']), ceiling: { goals: ['offboard'] } }
    for (const asked of [
      () => backend.cancel(other, runId),
      () => backend.answer(other, runId, 'undo'),
      () => backend.decideApproval(other, { run_id: runId, approval_id: runId }, 'deny'),
    ])
      await expect(asked()).rejects.toMatchObject({ failure: { kind: 'denied' } })
    expect(journal.events).toHaveLength(1)
  })

  test('says what is wrong with an input before anything is recorded', async () => {
    const { backend, created } = await open()
    await expect(backend.startRun(mine, { goal: 'onboard', input: {} })).rejects.toMatchObject({
      failure: { kind: 'invalid_input', issues: [{ path: '/input/company' }] },
    })
    await expect(backend.startRun(mine, { goal: 'onbord', input: {} })).rejects.toThrow('did you mean onboard?')
    expect(created).toEqual([])
  })

  test('has nothing of another tenant, and nothing under what is no id', async () => {
    const { backend, journal } = await open()
    const kinds = await Promise.all(
      [
        backend.situation(theirs, runId),
        backend.timeline(theirs, runId),
        backend.cancel(theirs, runId),
        backend.answer(theirs, runId, 'accept'),
        backend.decideApproval(theirs, { run_id: runId, approval_id: runId }, 'approve'),
        backend.situation(mine, 'nothing'),
      ].map((asked) => asked.catch((error) => error.failure.kind)),
    )
    expect(new Set(kinds)).toEqual(new Set(['not_found']))
    expect(journal.events).toHaveLength(1)
    expect((await backend.listRuns(theirs, { limit: 1 })).next).toBe('other')
  })

  test('shows a timeline without what is sealed', async () => {
    const { backend } = await open()
    const [first] = await backend.timeline(mine, runId)
    expect(first).toMatchObject({
      seq: 1,
      type: 'run_created',
      data: { input: { company: 'Acme', password: '[sealed]' } },
    })
  })

  test('records who cancelled and why, wakes the run, and says when it is too late', async () => {
    const { backend, journal, woken } = await open()
    await backend.cancel(mine, runId, 'a mistake')
    expect(journal.events.at(-1)).toMatchObject({
      type: 'cancel_requested',
      data: { by: 'user:ada', why: 'a mistake' },
    })
    expect(woken).toEqual([runId])
    await expect(backend.cancel(mine, runId)).rejects.toMatchObject({ failure: { kind: 'conflict' } })
  })
})
