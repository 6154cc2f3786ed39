import { describe, expect, test } from 'vitest'
import type { FailureKind } from '../../shared/failure.ts'
import type { CallOutcome } from '../model/call.ts'
import { afterCall, type EndedCall } from './after-call.ts'

const now = new Date('2026-01-01T00:00:10.000Z')
const creation = { effect: 'create', timeout_ms: 30_000 } as const

function ended(outcome: CallOutcome, call: Partial<EndedCall> = {}): EndedCall {
  return {
    contract: { ...creation, idempotency: { keyed: '24h' } },
    purpose: 'task',
    attempt: 1,
    generation: 0,
    firstIntendedAt: '2026-01-01T00:00:00.000Z',
    deadline: '2026-01-01T00:00:30.000Z',
    intendedAt: '2026-01-01T00:00:00.000Z',
    outcome,
    ...call,
  }
}

const failed = (kind: FailureKind, retry_after_ms?: number): CallOutcome => ({
  status: 'failed',
  failure: { kind, message: kind, ...(retry_after_ms === undefined ? {} : { retry_after_ms }) },
})
const uncertain: CallOutcome = { status: 'uncertain', failure: { kind: 'unavailable', message: 'lost' } }

describe('after a call', () => {
  test('a success needs nothing more', () => {
    expect(afterCall(ended({ status: 'succeeded', output: {} }), now, 0)).toEqual({ do: 'nothing' })
  })

  test.each<FailureKind>(['rate_limited', 'unavailable'])('%s is tried again under the same key', (kind) => {
    expect(afterCall(ended(failed(kind)), now, 0)).toMatchObject({ do: 'retry', generation: 0 })
  })

  test.each<FailureKind>([
    'invalid_input',
    'not_found',
    'conflict',
    'declined',
    'denied',
    'approval_required',
    'budget_exhausted',
    'unauthorized',
    'unsatisfied',
    'internal',
  ])('%s fails the task at once', (kind) => {
    expect(afterCall(ended(failed(kind)), now, 0)).toEqual({ do: 'fail' })
  })

  test('waits at least as long as the vendor asked', () => {
    const next = afterCall(ended(failed('rate_limited', 7_000)), now, 0)
    expect(next).toMatchObject({ at: '2026-01-01T00:00:17.000Z' })
  })

  test('pauses longer with each attempt, and never past the longest pause', () => {
    const pauses = [1, 2, 3, 4].map((attempt) => {
      const next = afterCall(ended(failed('unavailable'), { attempt }), now, 0.999)
      return next.do === 'retry' ? Date.parse(next.at) - now.getTime() : Number.NaN
    })
    expect(pauses).toEqual([...pauses].sort((a, b) => a - b))
    expect(new Set(pauses).size).toBe(4)
    expect(Math.max(...pauses)).toBeLessThanOrEqual(20_000)
  })

  test('stops after the last attempt', () => {
    expect(afterCall(ended(failed('unavailable'), { attempt: 5 }), now, 0)).toEqual({ do: 'fail' })
  })

  test('repeats an uncertain call while the vendor keeps its key', () => {
    expect(afterCall(ended(uncertain), now, 0)).toMatchObject({ do: 'retry', generation: 0 })
  })

  test('looks an uncertain call up after a pause, once the vendor may have dropped its key', () => {
    const call = ended(uncertain, {
      contract: { ...creation, idempotency: { keyed: '5s' }, lookup: { tool: 'find_it', arguments: {} } },
    })
    const at = new Date(now.getTime() + 200).toISOString()
    expect(afterCall(call, now, 0)).toEqual({ do: 'lookup', at })
  })

  test('never repeats an uncertain call that would happen twice', () => {
    const contract = { ...creation, idempotency: 'none' } as const
    expect(afterCall(ended(uncertain, { contract }), now, 0)).toEqual({ do: 'fail' })
  })

  test('a lookup that finds nothing opens the next generation', () => {
    const intendedAt = '2026-01-01T00:00:30.000Z'
    const call = ended(failed('not_found'), { purpose: 'lookup', generation: 2, intendedAt })
    expect(afterCall(call, now, 0)).toEqual({ do: 'retry', at: now.toISOString(), generation: 3 })
  })

  test('a lookup that finds nothing of the last attempt fails the task, and still opens the next generation', () => {
    const intendedAt = '2026-01-01T00:00:30.000Z'
    const last = { purpose: 'lookup', intendedAt, lookedUpAttempt: 5 } as const
    const call = ended(failed('not_found'), { ...last, generation: 1 })
    expect(afterCall(call, now, 0)).toEqual({ do: 'fail', generation: 2 })
    // Every attempt so far may have met one error that the vendor had stored under their key.
    const first = ended(failed('not_found'), { ...last, generation: 0 })
    expect(afterCall(first, now, 0)).toEqual({ do: 'retry', at: now.toISOString(), generation: 1 })
  })

  test('a lookup that asked before the deadline of what it looks up proves nothing, and asks again after it', () => {
    for (const kind of ['not_found', 'unsatisfied'] as const) {
      const call = ended(failed(kind), { purpose: 'lookup' })
      expect(afterCall(call, now, 0)).toEqual({ do: 'lookup', at: '2026-01-01T00:00:30.000Z' })
    }
  })

  test('does not repeat an uncertain call at an instant when the vendor may have dropped its key', () => {
    const contract = { ...creation, idempotency: { keyed: '41s' } } as const
    expect(afterCall(ended(uncertain, { contract, attempt: 4 }), now, 0)).toEqual({ do: 'fail' })
  })

  test('does not repeat an uncertain call that could arrive after the vendor dropped its key', () => {
    const keyed = (kept: string) => ended(uncertain, { contract: { ...creation, idempotency: { keyed: kept } } })
    expect(afterCall(keyed('40s'), now, 0)).toEqual({ do: 'fail' })
    expect(afterCall(keyed('41s'), now, 0)).toMatchObject({ do: 'retry' })
  })

  test('grants a vendor no pause longer than a day', () => {
    const next = afterCall(ended(failed('rate_limited', Number.MAX_SAFE_INTEGER)), now, 0)
    expect(next).toMatchObject({ at: '2026-01-02T00:00:10.000Z' })
  })

  test('a lookup that could not look is repeated, and proves nothing', () => {
    expect(afterCall(ended(failed('unavailable'), { purpose: 'lookup' }), now, 0)).toMatchObject({ do: 'lookup' })
    expect(afterCall(ended(failed('unauthorized'), { purpose: 'lookup' }), now, 0)).toEqual({ do: 'fail' })
  })
})
