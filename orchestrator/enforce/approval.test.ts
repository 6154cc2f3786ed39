import { describe, expect, test } from 'vitest'
import { localOperator } from '../model/decider.ts'
import { approvalDigest, mayNotDecide } from './approval.ts'

const bound = { run_id: 'r', task_id: 't', tool: 'a.b', fingerprint: 'sha256:1', arguments_digest: 'sha256:2' }

test.each(Object.keys(bound))('an approval holds for no other %s', (part) => {
  expect(approvalDigest({ ...bound, [part]: 'other' })).not.toBe(approvalDigest(bound))
  expect(approvalDigest({ ...bound })).toBe(approvalDigest(bound))
})

describe('who may decide', () => {
  const ada = localOperator('local:ada')
  const held = { verdict: 'hold', rule: 'large-orders', reason: '' } as const
  const fourEyes = { ...held, four_eyes: true } as const

  test('the operator at the terminal, on what their own run asks', () => {
    expect(mayNotDecide(ada, held, 'local:ada')).toBeUndefined()
  })

  test('nobody without the right', () => {
    const reader = { principal: 'key:reporting', scopes: new Set(['runs:read']) }
    expect(mayNotDecide(reader, held, 'local:ada')).toContain('takes the right approvals:decide')
  })

  test('with four eyes, anybody but who asked', () => {
    expect(mayNotDecide(ada, fourEyes, 'local:ada')).toContain('somebody else than local:ada')
    expect(mayNotDecide(ada, fourEyes, 'key:billing')).toBeUndefined()
  })

  test('with four eyes, nobody where the record does not say who asked', () => {
    expect(mayNotDecide(ada, fourEyes, undefined)).toContain('does not say who')
  })
})
