import { expect, test } from 'vitest'
import { goal } from '../../test/support/rehearsal.ts'
import { fold } from '../model/situation.ts'
import { run } from './fixtures/makers.ts'
import { failure } from './fixtures/outcomes.ts'
import { plan, planOnce, task } from './fixtures/plan-once.ts'
import { nextStep } from './next-step.ts'

test('a run does not wake for what is due and has no room', async () => {
  const goals = goal({ 'a.thing': 'wait', 'b.thing': 'wait' })
  const { journal } = await run({
    goal: goals,
    decide: planOnce(plan(task('a', 'a.make'), task('b', 'b.make'))),
    script: { 'a.make': [failure('unavailable')] },
  })
  const settled = journal.events.find((event) => event.type === 'call_settled' && event.data.next.do === 'retry')
  const situation = fold(journal.events.slice(0, settled?.seq))
  expect([...situation.tasks.values()].map(({ status }) => status)).toEqual(['retrying', 'running'])
  situation.budget.concurrency = 1
  const due = situation.tasks.get('a')?.next?.at ?? ''
  expect(nextStep(situation, new Date(Date.parse(due) - 1))).toEqual({ do: 'pause', until: due })
  expect(nextStep(situation, new Date(due))).toEqual({ do: 'pause' })
})
