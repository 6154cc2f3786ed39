import { afterEach, describe, expect, test, vi } from 'vitest'
import { catalogue, goal, MemoryJournal, ok, tool } from '../../test/support/rehearsal.ts'
import { defaultPolicy } from '../enforce/fixtures/policies.ts'
import type { Decision } from '../model/decision.ts'
import { type Draft, draft, type Event, type Parent } from '../model/event.ts'
import { RecordUnavailableError } from '../record/record-errors.ts'
import { AnswerError } from './answer.ts'
import type { Parts } from './parts.ts'
import { type HeldRun, type PursuitParts, Pursuits } from './pursuits.ts'
import { Wakes } from './wakes.ts'

afterEach(() => {
  vi.useRealTimers()
})

const now = () => new Date('2026-01-01T00:00:00.000Z')
const never = new AbortController().signal
const servers = catalogue({ a: [tool('make', { establishes: ['a.thing'] })] })
const parent: Parent = { run_id: 'whole', call_id: 'part', depth: 1 }

function created(more: { parent?: Parent } = {}): Draft {
  const digests = { goal: '', catalogue: '', policy: '', reasoner: '' }
  return draft('run_created', {
    goal: goal({ 'a.thing': 'undo' }),
    input: {},
    mode: 'emulated',
    reasoner: '',
    digests,
    ...more,
  })
}
const finished = draft('run_finished', { status: 'succeeded', outcomes: [], result: {} })
const cancelled = draft('cancel_requested', { by: 'ann' })

/** One run, and what became of it. */
async function world(first: Draft = created(), more: Partial<PursuitParts> = {}) {
  const journal = new MemoryJournal(now)
  await journal.append('run', [first])
  const wakes = new Wakes()
  const woken: string[] = []
  const released: (Date | undefined)[] = []
  const reads: number[] = []
  const held: HeldRun = {
    run_id: 'run',
    lost: never,
    confirm: async () => true,
    release: async (again) => void released.push(again),
  }
  const parts: PursuitParts = {
    take: async () => ({ heldBy: 'another process' }),
    wake: async (runId) => void woken.push(runId),
    async read(_, after) {
      reads.push(after)
      return journal.events.slice(after)
    },
    cancel: async () => {},
    forget: () => {},
    partsOf: () => partsOn(journal),
    wakes,
    ...more,
  }
  return { journal, wakes, woken, released, reads, held, pursuits: new Pursuits(parts) }
}

function partsOn(journal: MemoryJournal): Parts {
  const decision: Decision = { kind: 'give_up', code: 'no_plan', facts: [], issues: [], why: 'no way' }
  const usage = { model_calls: 0, input_tokens: 0, output_tokens: 0, cost_usd: 0 }
  return {
    journal,
    gateway: { call: async () => ({ outcome: ok(), started_at: '', settled_at: '', egress: [] }) },
    reasoner: { name: '', digest: '', decide: async () => ({ decision, usage }) },
    catalogue: servers,
    policy: defaultPolicy,
    clock: { now, sleepUntil: async () => {} },
    random: () => 0,
    newId: () => 'id',
    digestArguments: () => '',
  }
}

/** Lets everything happen that waits for nothing. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('who follows a run that another process pursues', () => {
  test('reads each of its events once, and tells it once', async () => {
    const { pursuits, journal, wakes, reads } = await world()
    const told: Event['type'][] = []
    const followed = pursuits.untilItRests('run', { signal: never, onEvent: ({ type }) => void told.push(type) })
    await vi.waitFor(() => expect(reads).toEqual([0]))
    await journal.append('run', [cancelled])
    wakes.tell('run')
    await vi.waitFor(() => expect(reads).toEqual([0, 1]))
    await journal.append('run', [finished])
    wakes.tell('run')
    expect((await followed)?.status).toBe('succeeded')
    expect(reads).toEqual([0, 1, 2])
    expect(told).toEqual(['run_created', 'cancel_requested', 'run_finished'])
  })

  test('looks at once when the run that it is a part of is woken, as it is at its end', async () => {
    const { pursuits, journal, wakes, reads } = await world(created({ parent }))
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    const followed = pursuits.untilItRests('run', { signal: never })
    await settled()
    expect(reads).toEqual([0])
    journal.events.push({ ...finished, run_id: 'run', seq: 2, v: 1, at: '', prev_hash: '', hash: '', tenant: '' })
    wakes.tell(parent.run_id)
    expect((await followed)?.status).toBe('succeeded')
  })

  test('may ask for its end too late', async () => {
    const { pursuits, journal } = await world(created(), {
      async cancel() {
        await journal.append('run', [finished])
        throw new AnswerError('Run run is succeeded already')
      },
    })
    const cancel = AbortSignal.abort({ by: 'ann' })
    expect((await pursuits.untilItRests('run', { signal: never, cancel }))?.status).toBe('succeeded')
  })
})

describe('the end of a run that is a part of another', () => {
  test('wakes that one', async () => {
    const { pursuits, held, woken, released } = await world(created({ parent }))
    expect((await pursuits.pursue(held, { signal: never })).status).toBe('failed')
    expect(woken).toEqual(['whole'])
    expect(released).toEqual([undefined])
  })

  test('wakes nobody where that one waits for it here', async () => {
    const { pursuits, held, woken } = await world(created({ parent }))
    await pursuits.pursue(held, { signal: never, forParent: true })
    expect(woken).toEqual([])
  })
})

describe('a run that cannot be pursued', () => {
  const failing = (error: Error) => ({
    partsOf: () => ({
      ...partsOn(new MemoryJournal(now)),
      journal: {
        read: async () => {
          throw error
        },
        append: async () => [],
      },
    }),
  })

  test('is let go, and is due again only a while later', async () => {
    const { pursuits, held, released } = await world(created(), failing(new TypeError('an event of a later release')))
    await expect(pursuits.pursue(held, { signal: never })).rejects.toThrow('a later release')
    expect(released).toEqual([expect.any(Date)])
  })

  test('because the record is away is due again as soon as that is back', async () => {
    const { pursuits, held, released } = await world(created(), failing(new RecordUnavailableError({ code: '57P01' })))
    await expect(pursuits.pursue(held, { signal: never })).rejects.toThrow(RecordUnavailableError)
    expect(released).toEqual([undefined])
  })
})
