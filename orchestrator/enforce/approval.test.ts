import { describe, expect, test } from 'vitest'
import type { Ceiling } from '../model/caller.ts'
import { type Decider, localOperator } from '../model/decider.ts'
import { approvalDigest, mayNotDecide } from './approval.ts'

const bound = { run_id: 'r', task_id: 't', tool: 'a.b', fingerprint: 'sha256:1', arguments_digest: 'sha256:2' }

test.each(Object.keys(bound))('an approval holds for no other %s', (part) => {
  expect(approvalDigest({ ...bound, [part]: 'other' })).not.toBe(approvalDigest(bound))
  expect(approvalDigest({ ...bound })).toBe(approvalDigest(bound))
})

describe('who may decide', () => {
  const ada = localOperator('local:ada')
  const asked = {
    verdict: { rule: 'large-orders' },
    goal: 'onboard',
    tool: { id: 'billing.create_customer', effect: 'create' },
    askedBy: ['local:ada'],
  } as const
  const fourEyes = { ...asked, verdict: { rule: 'large-orders', four_eyes: true } } as const
  const under = (ceiling: Ceiling): Decider => ({ ...ada, ceiling })

  test('the operator at the terminal, on what their own run asks', () => {
    expect(mayNotDecide(ada, 'approve', asked)).toBeUndefined()
  })

  test('nobody without the right', () => {
    const reader = { principal: 'key:reporting', scopes: new Set(['runs:read']), ceiling: {} }
    expect(mayNotDecide(reader, 'deny', asked)).toContain('takes the right approvals:decide')
  })

  test('nobody who could not have called it, unless to deny it', () => {
    expect(mayNotDecide(under({ effect: 'read' }), 'approve', asked)).toBe(
      'local:ada may not approve billing.create_customer: it is of the effect create, and this key is for read at most',
    )
    expect(mayNotDecide(under({ effect: 'read' }), 'deny', asked)).toBeUndefined()
    expect(mayNotDecide(under({ effect: 'create' }), 'approve', asked)).toBeUndefined()
  })

  test.each(['approve', 'deny'] as const)('nobody whose key is for other goals, to %s', (choice) => {
    expect(mayNotDecide(under({ goals: ['offboard'] }), choice, asked)).toContain('it is for offboard')
    expect(mayNotDecide(under({ goals: ['onboard'] }), choice, asked)).toBeUndefined()
  })

  test('with four eyes, anybody but who asked', () => {
    expect(mayNotDecide(ada, 'approve', fourEyes)).toContain('somebody else than local:ada')
    expect(mayNotDecide(ada, 'approve', { ...fourEyes, askedBy: ['key:billing'] })).toBeUndefined()
    expect(mayNotDecide(ada, 'approve', { ...fourEyes, askedBy: ['key:billing', 'local:ada'] })).toContain('local:ada')
  })

  test('with four eyes, nobody where the record does not say who asked', () => {
    expect(mayNotDecide(ada, 'approve', { ...fourEyes, askedBy: [] })).toContain('does not say who')
  })
})
