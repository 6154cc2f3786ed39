import { expect, test } from 'vitest'
import { goal } from '../../test/support/rehearsal.ts'
import { type Draft, draft } from './event.ts'
import { fold } from './situation.ts'

const reservation = { model_calls: 1, tokens: 1_000, cost_usd: 0.5 }
const usage = { model_calls: 1, input_tokens: 100, output_tokens: 10, cost_usd: 0.1, cache_read_tokens: 50 }
const asked = (id: string) =>
  draft('model_asked', { model_call_id: id, model: 'm', request: {}, prompt_digest: '', attempt: 1, reservation })
const answered = (id: string) =>
  draft('model_answered', {
    model_call_id: id,
    outcome: { status: 'answered', stop_reason: 'end_turn', response: '' },
    usage,
    duration_ms: 1,
  })
const made = (model_calls?: string[]) =>
  draft('decision_made', {
    decision: { kind: 'find_tools', query: 'x', why: '' },
    reasoner: 'claude',
    tainted: false,
    usage,
    duration_ms: 1,
    ...(model_calls ? { model_calls } : {}),
  })

function situationAfter(...drafts: Draft[]) {
  const digests = { goal: '', catalogue: '', policy: '', reasoner: '' }
  const created = draft('run_created', {
    goal: goal({ 'a.b': 'wait' }),
    input: {},
    mode: 'emulated',
    reasoner: 'claude',
    digests,
  })
  const at = '2026-01-01T00:00:00.000Z'
  const place = { run_id: '', v: 1, at, prev_hash: '', hash: '', tenant: '' }
  return fold([created, ...drafts].map((one, index) => ({ ...one, ...place, seq: index + 1 })))
}

test('a question sets aside what it may cost, and its answer takes what it did', () => {
  expect(situationAfter(asked('a')).reserved).toMatchObject(reservation)
  const { reserved, usage: spent } = situationAfter(asked('a'), answered('a'))
  expect(reserved).toMatchObject({ model_calls: 0, tokens: 0, cost_usd: 0 })
  expect(spent).toMatchObject(usage)
})

test('a question whose process ended stays paid for as if it had cost all that it might', () => {
  const { reserved, usage: spent } = situationAfter(asked('lost'), asked('a'), answered('a'))
  expect(reserved).toMatchObject(reservation)
  expect(spent.model_calls).toBe(1)
})

test('a decision whose questions were charged one by one is not charged again', () => {
  expect(situationAfter(asked('a'), answered('a'), made(['a'])).usage.cost_usd).toBe(0.1)
  expect(situationAfter(made()).usage.cost_usd).toBe(0.1)
})
