import { describe, expect, test } from 'vitest'
import type { Json } from '../../shared/json.ts'
import { goal } from '../../test/support/rehearsal.ts'
import { startConsumer } from './consumer.ts'
import { fireDue } from './scheduler.ts'
import { type Intake, takeDelivery } from './take-delivery.ts'
import type { Trigger } from './trigger.ts'

const trigger: Trigger = {
  trigger: 'signups',
  reasoner: 'claude',
  goal: 'onboard',
  tenant: 'acme',
  when: 'payload.type == "signup"',
  input: { email: { $pointer: '/email' } },
  on: { queue: 'signups' },
}
const signup = { type: 'signup', email: 'a@b.c' }

/** Deliveries and runs in memory; `fail` makes recording a run fail so often. */
function intakeOf({ fail = 0 } = {}) {
  const runs = new Map<string, object>()
  const claimed = new Map<string, string>()
  let [ids, failures] = [0, fail]
  const intake: Intake = {
    goalNamed: (name) => (name === 'onboard' ? goal({ 'a.thing': 'wait' }) : undefined),
    checkInput: (_goal, input) => {
      const { email } = Object(input)
      return email === undefined
        ? { ok: false, issues: [{ path: '/email', message: 'is required' }] }
        : { ok: true, input: { email, plan: 'team' } }
    },
    async claim({ trigger: name, delivery_id, run_id }) {
      const known = claimed.get(`${name} ${delivery_id}`)
      claimed.set(`${name} ${delivery_id}`, known ?? run_id)
      return { run_id: known ?? run_id, isFirst: known === undefined }
    },
    async createRun(_goal, input, options) {
      if (failures-- > 0) throw new Error('the record is away')
      if (!runs.has(options.run_id)) runs.set(options.run_id, { input, ...options })
    },
    newRunId: () => `run-${++ids}`,
  }
  return { intake, runs }
}

describe('a delivery', () => {
  test('becomes a run of the trigger’s own, all of whose input came by that trigger, defaults included', async () => {
    const { intake, runs } = intakeOf()
    expect(await takeDelivery(trigger, { id: 'd1', payload: signup }, intake)).toEqual({
      run_id: 'run-1',
      isFirst: true,
    })
    expect([...runs.values()]).toEqual([
      {
        run_id: 'run-1',
        reasoner: 'claude',
        owner: { tenant: 'acme', principal: 'trigger:signups' },
        input: { email: 'a@b.c', plan: 'team' },
        input_provenance: { '/email': ['trigger:signups'], '/plan': ['trigger:signups'] },
      },
    ])
  })

  test('that comes again is the same run; another one is another', async () => {
    const { intake, runs } = intakeOf()
    for (const id of ['d1', 'd1', 'd2', 'd1']) await takeDelivery(trigger, { id, payload: signup }, intake)
    expect([...runs.keys()]).toEqual(['run-1', 'run-3'])
  })

  test('whose run could not be recorded gets it when it comes again, under the id that was promised', async () => {
    const { intake, runs } = intakeOf({ fail: 1 })
    await expect(takeDelivery(trigger, { id: 'd1', payload: signup }, intake)).rejects.toThrow('away')
    await takeDelivery(trigger, { id: 'd1', payload: signup }, intake)
    expect([...runs.keys()]).toEqual(['run-1'])
  })

  test('that is not meant, or makes no input, starts nothing and is not remembered', async () => {
    const { intake, runs } = intakeOf()
    expect(await takeDelivery(trigger, { id: 'd1', payload: { type: 'other' } }, intake)).toEqual({ ignored: true })
    const bad = await takeDelivery(trigger, { id: 'd2', payload: { type: 'signup' } }, intake)
    expect(bad).toEqual({
      refused: 'The payload makes no input of onboard',
      issues: [{ path: '/email', message: 'is required' }],
    })
    expect(await takeDelivery(trigger, { id: 'd3', payload: {} }, intake)).toMatchObject({
      refused: expect.stringContaining('cannot tell whether it is meant'),
    })
    expect(runs.size).toBe(0)
  })
})

describe('a queue', () => {
  test('acknowledges a message only once its run is recorded, and sets aside what can never be one', async () => {
    const { intake, runs } = intakeOf({ fail: 1 })
    const waiting: { id: string; payload: Json }[] = [
      { id: 'm1', payload: signup },
      { id: 'm2', payload: { type: 'signup' } },
      { id: 'm3', payload: signup },
    ]
    const log: string[] = []
    const troubles: string[] = []
    let ring = () => {}
    const empty = Promise.withResolvers<void>()
    const queue = {
      async receive(
        _queue: string,
        take: (message: { id: string; payload: Json }) => Promise<'done' | { refused: string }>,
      ) {
        const [message] = waiting
        if (!message) {
          empty.resolve()
          return false
        }
        try {
          const became = await take(message)
          log.push(`${message.id} ${became === 'done' ? `acknowledged with ${runs.size} runs` : 'set aside'}`)
          waiting.shift()
        } catch {
          // Comes again, and somebody says so at once.
          setTimeout(ring, 1)
        }
        return waiting.length > 0
      },
      async listen(onMessage: (queue?: string) => void) {
        ring = () => onMessage('signups')
        return { close: async () => {} }
      },
    }
    const consumer = await startConsumer([{ ...trigger, on: { queue: 'signups' } }], {
      intake,
      queue,
      onTrouble: (error) => troubles.push(String(error)),
    })
    ring()
    await empty.promise.catch(() => {})
    await consumer.close()
    expect(log).toEqual(['m1 acknowledged with 1 runs', 'm2 set aside', 'm3 acknowledged with 2 runs'])
    expect(troubles).toEqual([expect.stringContaining('m2 of the queue signups was set aside')])
  })
})

describe('a schedule', () => {
  const scheduled = {
    ...trigger,
    when: 'payload.trigger == "signups"',
    input: { email: { $cel: 'payload.scheduled_at' } },
    on: { schedule: { cron: '0 * * * *', timezone: 'UTC', catch_up: 'none' as const, most: 5 } },
  }
  const hour = new Date('2026-05-01T09:00:00Z')
  const partsAt = (intake: Intake, last: string, unrecorded: Date[] = []) => ({
    intake,
    firings: async () => ({ last: new Date(last), unrecorded }),
    now: () => new Date('2026-05-01T09:00:01Z'),
    onTrouble: (error: unknown) => {
      throw error
    },
  })

  test('fires once, though every worker looks at the same instant', async () => {
    const { intake, runs } = intakeOf()
    await Promise.all([1, 2, 3].map(() => fireDue(scheduled, partsAt(intake, '2026-05-01T08:00:00Z'))))
    expect([...runs.values()]).toMatchObject([{ input: { email: hour.toISOString() } }])
  })

  test('makes the run that somebody promised and died before recording, however late that is', async () => {
    const { intake, runs } = intakeOf()
    await fireDue(scheduled, partsAt(intake, '2026-05-01T09:00:00Z', [new Date('2026-04-30T09:00:00Z')]))
    expect([...runs.values()]).toMatchObject([{ input: { email: '2026-04-30T09:00:00.000Z' } }])
  })

  test('says so where its goal does not take its input', async () => {
    const { intake } = intakeOf()
    const wrong = { ...scheduled, input: {} }
    await expect(fireDue(wrong, partsAt(intake, '2026-05-01T08:00:00Z'))).rejects.toThrow('/email is required')
  })
})
