/** What becomes of a run whose servers change, or leave, while it is under way: the catalogue is live, as it is where Remit runs. */
import { expect, test } from 'vitest'
import { catalogue, goal, ok, rehearse, tool } from '../../test/support/rehearsal.ts'
import type { CallOutcome } from '../model/call.ts'
import type { Catalogue } from '../model/catalogue.ts'
import type { Decision } from '../model/decision.ts'
import { liveCatalogue } from '../model/live-catalogue.ts'
import type { Situation } from '../model/situation.ts'
import { unmetFacts } from './unmet-facts.ts'

const own = { b: [tool('make', { establishes: ['b.thing'] })] }
const undo = { compensation: { tool: 'unmake', arguments: { id: { $ref: '/output/id' } } } }
const files = (more: object = {}) => [
  tool('write', { establishes: ['a.file'], ...undo, ...more }),
  tool('check', { effect: 'read', establishes: ['a.checked'] }),
  tool('unmake', { effect: 'delete' }),
]
const before = catalogue({ ...own, a: files() })

function decide(situation: Situation): Decision {
  const unmet = unmetFacts(situation)
  if (situation.revision > 0) return { kind: 'give_up', code: 'task_failed', facts: unmet, issues: [], why: 'no way' }
  const task = (id: string, name: string, after: string[]) => ({ id, tool: name, arguments: {}, after, why: '' })
  return {
    kind: 'plan',
    why: '',
    tasks: [task('write', 'a.write', []), task('make', 'b.make', ['write']), task('check', 'a.check', ['make'])],
  }
}

const denied: CallOutcome = {
  status: 'failed',
  failure: { kind: 'denied', message: 'a.unmake is not in the reviewed manifest' },
}

/** A run during whose second call the catalogue becomes another. */
function rehearseChange(next: Catalogue) {
  const live = liveCatalogue(before)
  return rehearse({
    catalogue: live,
    goal: goal({ 'a.file': 'undo', 'b.thing': 'undo', 'a.checked': 'undo' }),
    decide,
    script: {
      // What the gateway says of a tool that is not reviewed any more.
      ...(next.tools.has('a.unmake') ? {} : { 'a.unmake': [denied] }),
      'a.write': [ok({ id: 'f1' })],
      'a.check': [{ status: 'failed', failure: { kind: 'declined', message: 'no' } }],
    },
    beforeCall({ tool: name }) {
      if (name === 'make') live.adopt(next)
    },
  })
}

test('a server that left is called no more, and the run says what of it could not be undone', async () => {
  const { situation, requests } = await rehearseChange(catalogue(own))
  expect(requests.map((request) => `${request.server}.${request.tool}`).slice(0, 2)).toEqual(['a.write', 'b.make'])
  expect(requests.some((request) => request.tool === 'check')).toBe(false)
  expect(situation.tasks.get('check')?.failure).toMatchObject({
    kind: 'denied',
    message: 'a.check is not a reviewed tool',
  })
  expect(situation).toMatchObject({
    status: 'failed',
    compensation: {
      status: 'partial',
      remaining: [{ tool: 'b.make' }, { tool: 'a.write', why: 'a.unmake is not in the reviewed manifest' }],
    },
  })
})

test('a server that changed undoes what it did as the plan was accepted', async () => {
  const other = {
    compensation: { tool: 'unmake', arguments: { id: { $ref: '/output/other' } } },
    fingerprint: 'sha256:new',
  }
  const { situation, requests } = await rehearseChange(catalogue({ ...own, a: files(other) }))
  expect(requests.at(-1)).toMatchObject({ server: 'a', tool: 'unmake', arguments: { id: 'f1' } })
  expect(situation.status).toBe('failed')
})
