import { describe, expect, test } from 'vitest'
import { catalogue, goal, MemoryJournal, type RehearsalOptions, rehearse, tool } from '../../test/support/rehearsal.ts'
import type { Decision, Task } from '../model/decision.ts'
import { type Draft, draft, type Event } from '../model/event.ts'
import { evidenceFor } from '../model/evidence.ts'
import type { Situation } from '../model/situation.ts'
import { RecordUnavailableError } from '../record/record-errors.ts'
import { OvertakenError } from './parts.ts'
import { unmetFacts } from './unmet-facts.ts'

const servers = catalogue({
  a: [tool('make', { establishes: ['a.thing'], idempotency: 'none' })],
  b: [tool('make', { establishes: ['b.thing'] })],
})
const task = (id: string, after: string[] = []): Task => ({ id, tool: `${id}.make`, arguments: {}, after, why: '' })

function decide(situation: Situation): Decision {
  const unmet = unmetFacts(situation)
  if (unmet.length === 0) return { kind: 'finish', outcomes: evidenceFor(situation), why: '' }
  if (situation.revision > 0) return { kind: 'give_up', code: 'task_failed', facts: unmet, issues: [], why: 'no way' }
  return { kind: 'plan', tasks: [task('a'), task('b', ['a'])], why: '' }
}

const now = () => new Date('2026-01-01T00:00:00.000Z')
const away = () => new RecordUnavailableError({ code: 'ECONNREFUSED' })

/** A journal that something happens to when it is about to store an event of a type, or is read. */
class TroubledJournal extends MemoryJournal {
  private trouble: { type: Draft['type']; happens: (store: () => Promise<Event[]>) => Promise<Event[]> } | undefined
  unreadable = 0

  constructor(
    type: Draft['type'],
    happens: (store: () => Promise<Event[]>, journal: TroubledJournal) => Promise<Event[]>,
  ) {
    super(now)
    this.trouble = { type, happens: (store) => happens(store, this) }
  }

  override async read(): Promise<Event[]> {
    if (this.unreadable > 0) {
      this.unreadable -= 1
      throw away()
    }
    return super.read()
  }

  override async append(runId: string, drafts: Draft[]): Promise<Event[]> {
    const store = () => super.append(runId, drafts)
    const { trouble } = this
    if (!trouble || !drafts.some(({ type }) => type === trouble.type)) return store()
    this.trouble = undefined
    return trouble.happens(store)
  }
}

const rehearseOn = (journal: MemoryJournal, pursuit: RehearsalOptions['pursuit'] = {}) =>
  rehearse({ catalogue: servers, goal: goal({ 'a.thing': 'wait', 'b.thing': 'wait' }), decide, journal, pursuit })

const called = (requests: { server: string }[]) => requests.map(({ server }) => server)

describe('a record that goes away under a run', () => {
  test('makes it pause: what a call had answered is recorded afterwards, and nothing is called twice', async () => {
    const journal = new TroubledJournal('call_settled', async (_, self) => {
      self.unreadable = 5
      throw away()
    })
    const { situation, requests } = await rehearseOn(journal)
    expect(situation.status).toBe('succeeded')
    expect(called(requests)).toEqual(['a', 'b'])
  })

  test('after it had stored an intent, which is known not to have been made', async () => {
    const journal = new TroubledJournal('call_intended', async (store) => {
      await store()
      throw away()
    })
    const { situation, requests } = await rehearseOn(journal)
    expect(situation.status).toBe('succeeded')
    expect(called(requests)).toEqual(['a', 'b'])
    expect([...situation.calls.values()][0]?.outcome).toMatchObject({
      status: 'failed',
      failure: { kind: 'unavailable' },
    })
  })

  test('after it had stored a settlement, which is not stored again', async () => {
    const journal = new TroubledJournal('call_settled', async (store) => {
      await store()
      throw away()
    })
    const { situation, requests } = await rehearseOn(journal)
    expect(situation.status).toBe('succeeded')
    expect(called(requests)).toEqual(['a', 'b'])
    const outcomes = [...situation.calls.values()].map(({ server, outcome }) => [server, outcome?.status])
    // The intent of the second was in the same append: it was not made, and then it was.
    expect(outcomes).toEqual([
      ['a', 'succeeded'],
      ['b', 'failed'],
      ['b', 'succeeded'],
    ])
    expect(journal.events.filter(({ type }) => type === 'call_settled')).toHaveLength(3)
  })

  test('for longer than it is waited for ends the pursuit', async () => {
    const journal = new TroubledJournal('call_settled', async (_, self) => {
      self.unreadable = Number.POSITIVE_INFINITY
      throw away()
    })
    await expect(rehearseOn(journal, { longestOutageMs: 10_000 })).rejects.toThrow(RecordUnavailableError)
  })

  test('until the run is not ours any more: what is known is recorded, and nothing more is started', async () => {
    let isOurs = true
    const journal = new TroubledJournal('call_settled', async () => {
      isOurs = false
      throw away()
    })
    const { situation, requests } = await rehearseOn(journal, { isOurs: async () => isOurs })
    expect([...situation.calls.values()].map(({ outcome }) => outcome?.status)).toEqual(['succeeded'])
    expect(situation.status).toBe('running')
    expect(called(requests)).toEqual(['a'])
  })
})

describe('a run that was shared with a worker that was only slow', () => {
  test('settles what that one intended meanwhile', async () => {
    const call = (id: string): Draft =>
      draft('call_intended', {
        call_id: id,
        task_id: 'a',
        purpose: 'task',
        server: 'a',
        tool: 'make',
        fingerprint: '',
        arguments: {},
        arguments_digest: '',
        provenance: {},
        attempt: 1,
        generation: 0,
        idempotency_key: 'slow',
        traceparent: '',
        verdict: { verdict: 'allow', rule: '', reason: '' },
        deadline: now().toISOString(),
        reservation: { tool_calls: 1 },
      })
    const journal = new TroubledJournal('call_intended', async (_, self) => {
      await self.append('', [call('slow')])
      throw new OvertakenError('it has grown')
    })
    const { situation, requests } = await rehearseOn(journal, { isOurs: async () => true })
    expect(situation.calls.get('slow')?.outcome?.status).toBe('uncertain')
    expect(called(requests)).toEqual([])
    expect(situation.status).toBe('waiting')
  })
})

describe('a pursuit that is to end cleanly', () => {
  test('makes no call whose intent is stored only then', async () => {
    const drain = new AbortController()
    const journal = new TroubledJournal('call_intended', async (store) => {
      drain.abort()
      return store()
    })
    const { situation, requests } = await rehearseOn(journal, { drain: drain.signal })
    expect(called(requests)).toEqual([])
    expect([...situation.calls.values()][0]?.outcome).toMatchObject({
      status: 'failed',
      failure: { kind: 'unavailable' },
    })
    const { situation: later } = await rehearseOn(journal)
    expect(later.status).toBe('succeeded')
  })
})

test('a run that is woken while it is read for the first time is read again', async () => {
  const listeners: (() => void)[] = []
  let reads = 0
  class WatchedJournal extends MemoryJournal {
    override async read(): Promise<Event[]> {
      const events = await super.read()
      reads += 1
      if (reads === 1) for (const listener of listeners) listener()
      return events
    }
  }
  await rehearseOn(new WatchedJournal(now), {
    onWake(listener) {
      listeners.push(listener)
      return () => {}
    },
  })
  expect(reads).toBe(2)
})

test('a run that was lost by the time it is read again is left alone: nothing is appended to it', async () => {
  const listeners: (() => void)[] = []
  const journal = new TroubledJournal('plan_accepted', async (store) => {
    const events = await store()
    await journal.append('', [draft('cancel_requested', { by: 'somebody' })])
    for (const listener of listeners) listener()
    return events
  })
  const { requests } = await rehearseOn(journal, {
    isOurs: async () => false,
    onWake(listener) {
      listeners.push(listener)
      return () => {}
    },
  })
  expect(called(requests)).toEqual([])
  expect((await journal.read()).at(-1)?.type).toBe('cancel_requested')
})

test('a run that was lost in the middle of its last append has not ended for whoever pursued it here', async () => {
  const journal = new TroubledJournal('run_finished', async () => {
    await journal.append('', [draft('cancel_requested', { by: 'somebody' })])
    throw new OvertakenError('somebody else was quicker')
  })
  const { situation } = await rehearseOn(journal, { isOurs: async () => false })
  expect(situation.finished).toBeUndefined()
  expect(situation.cancel_requested).toEqual({ by: 'somebody' })
})
