import { describe, expect, test } from 'vitest'
import { catalogue, goal, MemoryJournal, ok, rehearse, tool } from '../../test/support/rehearsal.ts'
import type { CallResult } from '../model/call.ts'
import type { Decision, Task } from '../model/decision.ts'
import type { Draft, Event } from '../model/event.ts'
import { evidenceFor } from '../model/evidence.ts'
import type { Situation } from '../model/situation.ts'
import { withSubGoals } from '../model/sub-goals.ts'
import { RecordUnavailableError } from '../record/record-errors.ts'
import type { RunChildren } from './parts.ts'
import { unmetFacts } from './unmet-facts.ts'

const part = goal({ 'a.thing': 'undo' }, { goal: 'part' })
const servers = withSubGoals(catalogue({ a: [tool('make', { establishes: ['a.thing'] })] }), [part])
const now = () => new Date('2026-01-01T00:00:00.000Z')
const task = (id: string, name: string, more: Partial<Task> = {}): Task => ({
  id,
  tool: name,
  arguments: {},
  after: [],
  why: '',
  ...more,
})
const slice = { budget: { tool_calls: 5, compensation_calls: 5, model_calls: 5, tokens: 100, cost_usd: 1 } }

function decide(situation: Situation): Decision {
  if (unmetFacts(situation).length === 0) return { kind: 'finish', outcomes: evidenceFor(situation), why: '' }
  return {
    kind: 'plan',
    tasks: [task('own', 'a.make'), task('part', 'goals.part', { arguments: { input: {} }, slice })],
    why: '',
  }
}

const ended: CallResult = {
  outcome: ok({ run_id: '11111111-1111-7111-8111-111111111112', result: {} }),
  started_at: now().toISOString(),
  settled_at: now().toISOString(),
  egress: [],
}

const rehearseWith = (pursue: RunChildren['pursue'], journal = new MemoryJournal(now)) =>
  rehearse({
    catalogue: servers,
    goal: goal({ 'a.thing': 'wait', 'goals.part': 'wait' }),
    decide,
    journal,
    children: { pursue, undo: async () => ended },
  })

describe('a sub-goal that cannot be asked how it is', () => {
  test('is asked again where the record was away, and the other calls of the run are not lost', async () => {
    let asked = 0
    const { situation, requests } = await rehearseWith(async () => {
      asked += 1
      if (asked < 3) throw new RecordUnavailableError({ code: 'ECONNREFUSED' })
      return { ended }
    })
    expect(situation.status).toBe('succeeded')
    expect(requests).toHaveLength(1)
    expect(asked).toBe(3)
  })

  test('ends the pursuit with the reason, and not the process, whatever the run does at that moment', async () => {
    const fault = Promise.withResolvers<undefined>()
    class FaultyJournal extends MemoryJournal {
      override async append(runId: string, drafts: Draft[]): Promise<Event[]> {
        if (drafts.some(({ type }) => type === 'call_settled')) {
          fault.reject(new TypeError('no such goal any more'))
          // As long as Node needs to notice a rejection that nobody handles.
          await new Promise((resolve) => setTimeout(resolve, 5))
        }
        return super.append(runId, drafts)
      }
    }
    await expect(rehearseWith(() => fault.promise, new FaultyJournal(now))).rejects.toThrow('no such goal any more')
  })
})
