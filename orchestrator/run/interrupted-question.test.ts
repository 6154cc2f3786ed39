import { expect, test } from 'vitest'
import { digest } from '../../shared/json.ts'
import { catalogue, goal } from '../../test/support/rehearsal.ts'
import { TimedRecord } from '../../test/support/world/timed-record.ts'
import { VirtualClock } from '../../test/support/world/virtual-clock.ts'
import { policyOf } from '../enforce/policy/policy.ts'
import { draft } from '../model/event.ts'
import { fold } from '../model/situation.ts'
import { advance } from './advance.ts'
import { requestCancel } from './answer.ts'
import type { Parts, RunReasoner } from './parts.ts'

const runId = '11111111-1111-7111-8111-111111111111'
const question = {
  model: 'some-model',
  request: {},
  prompt_digest: 'sha256:0',
  attempt: 1,
  reservation: { model_calls: 1, tokens: 1_000, cost_usd: 0.1 },
}
const usage = { model_calls: 1, input_tokens: 10, output_tokens: 1, cost_usd: 0.01 }

/** Pursues a run whose reasoner is being asked while something else happens. */
async function pursue(meanwhile: (record: TimedRecord, clock: VirtualClock, wake: () => void) => Promise<void>) {
  const clock = new VirtualClock()
  const record = new TimedRecord(clock)
  let wake = () => {}
  let [asked, ids] = [0, 0]
  let wasInterrupted = false
  const reasoner: RunReasoner = {
    name: 'thoughtful',
    digest: '',
    costs: true,
    async decide(_situation, _catalogue, signal, ledger) {
      asked += 1
      const call = await ledger.ask(question)
      if (!('id' in call)) throw new TypeError('the budget has room')
      const thinking = new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve())
        void meanwhile(record, clock, () => wake()).then(() => clock.schedule(clock.now().getTime() + 10_000, resolve))
      })
      await thinking
      wasInterrupted = signal.aborted
      const failure = { kind: 'unavailable' as const, message: 'interrupted' }
      await ledger.settle(call.id, { outcome: { status: 'failed', failure }, usage, duration_ms: 1 })
      return { decision: { kind: 'give_up', code: 'no_way', facts: [], issues: [], why: 'thought' }, usage }
    },
  }
  const parts: Parts = {
    journal: record.open(),
    gateway: { call: () => Promise.reject(new TypeError('nothing is called')) },
    reasoner,
    catalogue: catalogue({}),
    policy: policyOf([]),
    clock: clock.forRuns,
    random: () => 0.5,
    newId: () => `id_${++ids}`,
    digestArguments: digest,
  }
  const digests = { goal: '', catalogue: '', policy: '', reasoner: '' }
  const created = {
    goal: goal({ 'a.b': 'wait' }),
    input: {},
    mode: 'emulated' as const,
    reasoner: 'thoughtful',
    digests,
  }
  await clock.passUntil(record.open().append(runId, [draft('run_created', created)]))
  const never = new AbortController().signal
  const onWake = (listener: () => void) => {
    wake = listener
    return () => {}
  }
  await clock.passUntil(advance(runId, parts, { signal: never, cancel: never, onWake }))
  return { situation: fold(record.stored()), events: record.stored(), asked, wasInterrupted }
}

test('a cancel that another process records ends the question; what it cost is recorded, and what it says is not', async () => {
  const { situation, events, asked, wasInterrupted } = await pursue(async (record, clock, wake) => {
    await requestCancel(runId, { by: 'ada' }, { journal: record.open(), clock: clock.forRuns })
    wake()
  })
  expect([asked, wasInterrupted]).toEqual([1, true])
  expect(situation.status).toBe('cancelled')
  expect(situation.decisions).toEqual([])
  expect(situation.usage.model_calls).toBe(1)
  expect(situation.modelCalls.size).toBe(0)
  expect(events.map(({ type }) => type).slice(1, 4)).toEqual(['model_asked', 'cancel_requested', 'model_answered'])
})

test('a wake that is about nothing new lets the question be answered', async () => {
  const { situation, asked, wasInterrupted } = await pursue(async (_record, _clock, wake) => wake())
  expect([asked, wasInterrupted]).toEqual([1, false])
  expect(situation.decisions).toMatchObject([{ decision: { why: 'thought' } }])
})
