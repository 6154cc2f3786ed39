import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clean, type EmulatedSystems, openEmulatedSystems, whole } from '../support/emulated-systems.ts'

// A list of customers, each onboarded by a run of its own, on the real servers.

let systems: EmulatedSystems
beforeAll(async () => {
  systems = await openEmulatedSystems()
}, 120_000)
afterAll(() => systems.close())

async function onboardAll(
  slugs: string[],
  change: (customer: Record<string, object>, slug: string) => void = () => {},
) {
  const customers = slugs.map((slug) => {
    const customer = systems.customer(slug)
    change(customer, slug)
    return customer
  })
  const goal = systems.workplace.goal('onboard-all')
  return systems.remit.createRun(goal, systems.workplace.checkInput(goal, { customers }))
}

describe('a list of customers', { timeout: 150_000 }, () => {
  test('is checked whole before anything starts, by the schema of the goal that each is for', () => {
    const goal = systems.workplace.goal('onboard-all')
    const bad = { ...systems.customer('list-bad'), seats: 0, unknown: true }
    expect(() => systems.workplace.checkInput(goal, { customers: [systems.customer('list-good'), bad] })).toThrow(
      expect.objectContaining({
        issues: [
          expect.objectContaining({ path: '/customers/1/seats' }),
          expect.objectContaining({ path: '/customers/1/unknown' }),
        ],
      }),
    )
  })

  test('is onboarded one by one at once, and told of when all are done', async () => {
    const runId = await onboardAll(['list-a', 'list-b', 'list-c'])
    const situation = await systems.pursue(runId)
    expect(situation.status).toBe('succeeded')
    for (const slug of ['list-a', 'list-b', 'list-c']) expect(await systems.standing(slug)).toEqual(whole)
    const runs = await systems.remit.runs({ limit: 10 })
    expect(runs.filter(({ goal }) => goal === 'onboard')).toHaveLength(3)
    expect(systems.messagesIn('C0CUSTOMERS').at(-1)).toContain('A list of customers')
    expect((await systems.remit.verify()).problems).toEqual([])
  })

  test('a customer whose sign-up is refused harms no other, and is tried again with what a person changed', async () => {
    const runId = await onboardAll(['list-d', 'list-e'], ({ organization }, slug) => {
      if (slug === 'list-e') Object.assign(organization ?? {}, { country: 'ZZ' })
    })
    const waiting = await systems.pursue(runId)
    expect(waiting.status).toBe('waiting')
    expect(await systems.standing('list-d')).toEqual(whole)
    expect(await systems.standing('list-e')).toEqual(clean)
    expect(systems.messagesIn('C0OPERATIONS').at(-1)).toContain('Onboarding a list needs a person')

    const change = { customers: [systems.customer('list-d'), systems.customer('list-e')] as never }
    await systems.remit.answer(runId, 'change', { change })
    expect((await systems.pursue(runId)).status).toBe('succeeded')
    expect(await systems.standing('list-d')).toEqual(whole)
    expect(await systems.standing('list-e')).toEqual(whole)
  })

  test('is undone whole when it is cancelled, those that were done included', async () => {
    const slugs = ['list-f', 'list-g', 'list-h']
    const runId = await onboardAll(slugs)
    const cancel = new AbortController()
    let done = 0
    const situation = await systems.remit.pursue(runId, {
      cancel: cancel.signal,
      signal: new AbortController().signal,
      onEvent: (event) => {
        if (event.type === 'call_settled' && event.run_id === runId) done += 1
        if (done > 0) cancel.abort({ by: 'a person', why: 'wrong list' })
      },
    })
    expect(situation.status).toBe('cancelled')
    for (const slug of slugs) expect(await systems.standing(slug)).toEqual({ ...clean, mails: expect.any(Number) })
    const runs = (await systems.remit.runs({ limit: 4 })).filter(({ goal }) => goal === 'onboard')
    expect(runs.map(({ status }) => status)).toEqual(slugs.map(() => 'cancelled'))
  })
})
