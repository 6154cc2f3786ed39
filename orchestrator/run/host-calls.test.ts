import { expect, test } from 'vitest'
import type { JsonObject } from '../../shared/json.ts'
import { ok } from '../../test/support/rehearsal.ts'
import { planner } from '../decide/planner/planner.ts'
import { holding } from '../enforce/fixtures/policies.ts'
import { shop } from '../enforce/fixtures/shop.ts'
import type { CallOutcome, CallRequest } from '../model/call.ts'
import type { Tool } from '../model/catalogue.ts'
import type { Goal } from '../model/goal.ts'
import { digestSealed } from '../model/seal.ts'
import { isSealed } from '../model/value.ts'
import { callGoal } from './call-goal.ts'
import { CancellableGateway } from './cancellable-gateway.ts'
import { type CallRuns, type HostCall, HostCalls } from './host-calls.ts'
import type { RunGateway } from './parts.ts'
import { unrecordedRuns } from './unrecorded-runs.ts'

const account = ok({ account_id: 'acc_1', seats: 5, score: 1, tags: [] })
const failed = (kind: 'declined' | 'unavailable', message: string): CallOutcome => ({
  status: 'failed',
  failure: { kind, message },
})

const call: HostCall = {
  tool: shop.tools.get('shop.create_account') as Tool,
  arguments: {},
  owner: { tenant: 'default', principal: 'host:test' },
  signal: new AbortController().signal,
  onProgress: () => undefined,
}

/** A session whose servers answer as `act` says; every request is kept. */
function session(
  act: (request: CallRequest, signal: AbortSignal) => CallOutcome | Promise<CallOutcome>,
  hold: string[] = [],
) {
  const requests: CallRequest[] = []
  const server: RunGateway = {
    async call(request, { signal, onProgress }) {
      requests.push(request)
      onProgress?.({ done: 1, total: 2 })
      return { outcome: await act(request, signal), started_at: '', settled_at: '', egress: [] }
    },
  }
  const gateway = new CancellableGateway(server)
  let ids = 0
  let now = Date.parse('2026-01-01T00:00:00.000Z')
  const runs = unrecordedRuns(
    {
      tenant: 'default',
      mode: 'emulated',
      policyDigest: '',
      reasoner: planner,
      catalogue: shop,
      policy: holding(...hold),
      clock: {
        now: () => new Date(now),
        // The clock jumps to the next instant that anything waits for.
        async sleepUntil(instant, signal) {
          await new Promise((resolve) => setTimeout(resolve, 1))
          if (!signal.aborted) now = Math.max(now, instant.getTime())
        },
      },
      random: () => 0,
      newId: () => {
        ids += 1
        return `00000000-0000-7000-8000-${String(ids).padStart(12, '0')}`
      },
      digestArguments: digestSealed,
    },
    () => gateway,
  )
  const calls = new HostCalls(runs)
  const ask = (tool: string, args: JsonObject, more: { signal?: AbortSignal; onProgress?: () => void } = {}) =>
    calls.ask({
      ...call,
      tool: shop.tools.get(`shop.${tool}`) as Tool,
      arguments: args,
      ...more,
    })
  return { calls, ask, requests, runs }
}

test('makes one call with exactly the arguments that the host gave, and hands back its output', async () => {
  const { ask, requests } = session(() => account)
  const answer = await ask('create_account', { name: 'Acme', seats: 5 })
  expect(answer.outcome).toEqual(account)
  expect(requests.map(({ tool, arguments: args }) => [tool, args])).toEqual([
    ['create_account', { name: 'Acme', seats: 5 }],
  ])
  expect(requests[0]?.idempotency_key).toMatch(/^remit_[0-9a-f]{40}$/)
})

test('an argument that looks like a reference is no reference', async () => {
  const { ask, requests } = session(() => account)
  await ask('create_account', { name: { $ref: '/input/plan' }, seats: 5, plan: 'team' })
  expect(requests).toEqual([])
})

test('tells the host of progress', async () => {
  const { ask } = session(() => account)
  let told = 0
  await ask('create_account', { name: 'Acme', seats: 5 }, { onProgress: () => void told++ })
  expect(told).toBe(1)
})

test('refuses arguments that do not fit by where they stand, and calls nothing', async () => {
  const { ask, requests } = session(() => account)
  const { outcome } = await ask('create_account', { name: 7, extra: true })
  expect(outcome).toMatchObject({ status: 'failed', failure: { kind: 'invalid_input' } })
  const issues = outcome.status === 'failed' ? outcome.failure.issues?.map(({ path }) => path).sort() : []
  expect(issues).toEqual(['/extra', '/name', '/seats'])
  expect(requests).toEqual([])
})

test('a delete that undoes nothing is denied by the policy', async () => {
  const { ask, requests } = session(() => ok({}))
  const { outcome } = await ask('delete_account', { account_id: 'acc_1' })
  expect(outcome).toMatchObject({ status: 'failed', failure: { kind: 'denied' } })
  expect(requests).toEqual([])
})

test('what a vendor declines is told in its words, and undone where something was left', async () => {
  const { ask, requests } = session(() => failed('declined', 'no such plan'))
  const { outcome } = await ask('create_account', { name: 'Acme', seats: 5 })
  expect(outcome).toEqual(failed('declined', 'no such plan'))
  expect(requests).toHaveLength(1)
})

test('what was provably not done is tried again under the same key', async () => {
  let nth = 0
  const { ask, requests } = session(() => (nth++ === 0 ? failed('unavailable', '503') : account))
  expect((await ask('create_account', { name: 'Acme', seats: 5 })).outcome).toEqual(account)
  expect(new Set(requests.map(({ idempotency_key }) => idempotency_key)).size).toBe(1)
  expect(requests).toHaveLength(2)
})

test('a call that the configuration holds waits for approval and reaches no server', async () => {
  const { ask, requests } = session(() => account, ['shop.create_account'])
  const answer = await ask('create_account', { name: 'Acme', seats: 5 })
  expect(answer.outcome).toMatchObject({ status: 'failed', failure: { kind: 'approval_required' } })
  expect(answer.approval_id).toBeDefined()
  // Where nobody can approve it, asking again is no way around it.
  const again = await ask('create_account', { name: 'Acme', seats: 5 })
  expect(again.outcome).toEqual(answer.outcome)
  expect(requests).toEqual([])
})

test('a call that the host cancels is cancelled at its server, and what it did is undone', async () => {
  const cancel = new AbortController()
  const { ask, requests } = session(({ tool }, signal) => {
    if (tool !== 'create_account') return tool === 'find_account' ? account : ok({})
    const cancelled = new Promise<CallOutcome>((resolve) =>
      signal.addEventListener('abort', () =>
        resolve({ status: 'uncertain', failure: { kind: 'unavailable', message: 'cancelled' } }),
      ),
    )
    cancel.abort()
    return cancelled
  })
  await ask('create_account', { name: 'Acme', seats: 5 }, { signal: cancel.signal })
  expect(requests.map(({ tool }) => tool)).toEqual(['create_account', 'find_account', 'delete_account'])
})

test('sensitive arguments are sealed before anything of the run sees them', async () => {
  const { ask, requests } = session(() => ok({}))
  expect((await ask('set_password', { password: 'hunter2' })).outcome).toEqual(ok({}))
  expect(requests.map(({ arguments: args }) => isSealed(args.password as JsonObject))).toEqual([true])
  expect(JSON.stringify(requests)).not.toContain('hunter2')
})

test('nothing is called that could not be recorded first', async () => {
  const away: CallRuns = {
    canBeAnswered: true,
    create: async () => {
      throw new Error('connection refused')
    },
    pursue: async () => {
      throw new Error('never reached')
    },
    cancelCalls: () => undefined,
  }
  const { outcome } = await new HostCalls(away).ask(call)
  expect(outcome).toMatchObject({
    status: 'failed',
    failure: { kind: 'unavailable', message: 'shop.create_account was not called: it could not be recorded first' },
  })
})

test('who asks again for a call that was approved meanwhile gets what came of that very run', async () => {
  const { runs } = session(() => account, ['shop.create_account'])
  const { runs: afterwards } = session(() => account)
  const created: Goal[] = []
  let approved = false
  const recorded: CallRuns = {
    canBeAnswered: true,
    create: async (goal) => {
      created.push(goal)
      return 'run'
    },
    async pursue(_, options) {
      const standing = approved ? afterwards : runs
      const id = await standing.create(
        created[0] as Goal,
        { name: 'Acme', seats: 5 },
        { tenant: 'default', principal: 'host:test' },
      )
      return standing.pursue(id, options)
    },
    cancelCalls: () => undefined,
  }
  const calls = new HostCalls(recorded)
  const asked = { ...call, arguments: { name: 'Acme', seats: 5 } }
  expect((await calls.ask(asked)).approval_id).toBeDefined()
  approved = true
  expect((await calls.ask(asked)).outcome).toEqual(account)
  expect(created).toHaveLength(1)
})

test('who asks for a held call under narrower limits gets a run of their own under them', async () => {
  const { runs } = session(() => account, ['shop.create_account'])
  const created: Goal[] = []
  const calls = new HostCalls({
    ...runs,
    canBeAnswered: true,
    create(goal, input, owner) {
      created.push(goal)
      return runs.create(goal, input, owner)
    },
  })
  const args = { name: 'Acme', seats: 5 }
  const wide = await calls.ask({ ...call, arguments: args })
  const narrow = await calls.ask({ ...call, arguments: args, goal: { ...callGoal(call.tool), tools: [] } })
  expect(wide.approval_id).toBeDefined()
  expect(narrow.run_id).not.toBe(wide.run_id)
  expect(created.map(({ tools }) => tools)).toEqual([['shop.create_account'], []])
  expect((await calls.ask({ ...call, arguments: args })).run_id).toBe(wide.run_id)
})
