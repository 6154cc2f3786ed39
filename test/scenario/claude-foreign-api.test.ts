import { LLMock } from '@copilotkit/aimock'
import { expect, test } from 'vitest'
import { answerText } from '../support/model/answer-text.ts'
import { claudeAt } from '../support/model/modelled-run.ts'
import { customer, letter, office, officeGoal, officeInput, officeWorld } from '../support/model/office.ts'
import { rehearse } from '../support/rehearsal.ts'

// The scripted API of the other tests is our own, so it might share our misunderstandings: this one is somebody else's.

test('a Messages API that somebody else wrote is understood, failures included', async () => {
  const api = new LLMock({ port: 0 })
  const finish = answerText({
    kind: 'finish',
    outcomes: [
      { fact: 'billing.customer', established_by: 'customer' },
      { fact: 'mail.letter', established_by: 'letter' },
    ],
    why: '',
  })
  const plan = answerText({ kind: 'plan', tasks: [customer, letter], why: '' })
  api.onMessage(/established by/, { content: finish })
  api.onMessage(/Nothing has been done yet/, { content: plan })
  await api.start()
  try {
    api.nextRequestError(529, { message: 'Overloaded', type: 'overloaded_error' })
    const { reasoner, waits } = claudeAt(api.url)
    const { situation } = await rehearse({
      catalogue: office,
      goal: officeGoal(),
      input: officeInput,
      script: officeWorld,
      reasoner,
    })
    expect(situation.status).toBe('succeeded')
    expect(situation.usage.model_calls).toBe(3)
    expect(waits).toEqual([1_000])
  } finally {
    await api.stop()
  }
})
