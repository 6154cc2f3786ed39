import { describe, expect, test } from 'vitest'
import { policyOf } from '../enforce/policy/policy.ts'
import { run } from './fixtures/abc.ts'
import { called } from './fixtures/outcomes.ts'

describe('a call whose server asked the network for what it may not have', () => {
  const tried = {
    protocol: 'http' as const,
    host: 'api.example:443',
    method: 'DELETE',
    path: '/everything',
    bytes_out: 0,
    bytes_in: 0,
    ms: 0,
    attribution: 'exact' as const,
    denied: 'no tool in flight declares DELETE of this path',
  }
  const egress = { 'a.create_a': [tried] }

  test('is recorded with it, and the run goes on', async () => {
    const { situation } = await run({ egress })
    expect(situation.status).toBe('succeeded')
    expect([...situation.calls.values()].find(({ tool }) => tool === 'create_a')?.egress).toEqual([tried])
  })

  test('ends the run where the policy says so, and what was done is undone', async () => {
    const { situation, requests } = await run({ egress, policy: policyOf([], 'stop') })
    expect(situation.cancel_requested).toEqual({
      by: 'policy:on_denied_egress',
      why: 'a.create_a asked for DELETE at api.example:443: no tool in flight declares DELETE of this path',
    })
    expect(situation.status).toBe('cancelled')
    expect(called(requests)).toEqual(['a.create_a', 'a.delete_a'])
  })
})
