import { describe, expect, test } from 'vitest'
import { goal } from '../../test/support/rehearsal.ts'
import { draft, type Event } from '../model/event.ts'
import { type CallState, fold } from '../model/situation.ts'
import { RecordUnavailableError } from '../record/record-errors.ts'
import { openChildren } from './children.ts'

const at = '2026-01-01T00:00:00.000Z'
const clock = { now: () => new Date(at) }

function begun(name: string): Event[] {
  const digests = { goal: '', catalogue: '', policy: '', reasoner: '' }
  const created = {
    goal: goal({ 'a.thing': 'undo' }, { goal: name }),
    input: {},
    mode: 'emulated' as const,
    reasoner: '',
    digests,
  }
  const place = { run_id: `run of ${name}`, seq: 1, v: 1, at, prev_hash: '', hash: '', tenant: '' }
  return [{ ...draft('run_created', created), ...place }]
}

const parent = { ...fold(begun('whole')), tools: { 'goals.part': { sub_goal: { goal: 'part' } } as never } }
const call = {
  call_id: 'part',
  task_id: 'part',
  server: 'goals',
  tool: 'part',
  arguments: {},
  provenance: {},
  reservation: { tool_calls: 1 },
  intended_at: at,
} as unknown as CallState

describe('a sub-goal that is to end while the record is away', () => {
  test('is not taken for told: whoever asks how it is hears of the outage, and it is told when it is asked again', async () => {
    const told: string[] = []
    let isAway = true
    const cancel = new AbortController()
    const children = openChildren({
      goalNamed: (name) => goal({ 'a.thing': 'undo' }, { goal: name }),
      goalInWords: () => goal({ 'a.thing': 'undo' }),
      start: async () => {},
      async pursue() {
        cancel.abort({ by: 'its parent' })
        return { ...fold(begun('part')), status: 'waiting' }
      },
      desk: {
        clock,
        journal: {
          read: async () => {
            if (isAway) throw new RecordUnavailableError({ code: 'ECONNREFUSED' })
            return begun('part')
          },
          append: async (_, drafts) => {
            told.push(...drafts.map(({ type }) => type))
            return []
          },
        },
      },
      wake: async () => {},
    })
    const options = { signal: new AbortController().signal, cancel: cancel.signal }
    await expect(children.pursue(call, parent, options)).rejects.toThrow(RecordUnavailableError)
    isAway = false
    await children.pursue(call, parent, options)
    expect(told).toEqual(['cancel_requested'])
  })
})
