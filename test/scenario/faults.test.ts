import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Remit } from '../../orchestrator/cli/remit.ts'
import type { Situation } from '../../orchestrator/model/situation.ts'
import { clean, type EmulatedSystems, openEmulatedSystems, whole } from '../support/emulated-systems.ts'

// One home, whose servers stay up while one fault after another is rehearsed on the emulators.

let systems: EmulatedSystems
beforeAll(async () => {
  systems = await openEmulatedSystems()
}, 120_000)
afterAll(() => systems.close())
beforeEach(async () => {
  for (const server of ['billing', 'email', 'slack']) await systems.setFault(server, null)
})

let customers = 0

/** Onboards a new customer and returns how the run came to rest. */
async function onboard(working?: Remit): Promise<Situation & { slug: string }> {
  const slug = `customer-${++customers}`
  const goal = systems.workplace.goal('onboard')
  const input = systems.workplace.checkInput(goal, systems.customer(slug))
  const runId = await (working ?? systems.remit).createRun(goal, input)
  return { ...(await systems.pursue(runId, working)), slug }
}

const failuresOf = (situation: Situation) =>
  [...situation.calls.values()].flatMap(({ server, tool, outcome }) =>
    outcome && outcome.status !== 'succeeded' ? [`${server}.${tool} ${outcome.status} ${outcome.failure.kind}`] : [],
  )

describe('a bad day', { timeout: 150_000 }, () => {
  test.each([
    ['billing', 'flaky'],
    ['billing', 'limited'],
    ['billing', 'lost'],
    ['billing', 'busy'],
    ['billing', 'crash'],
    ['billing', 'stalled'],
    ['email', 'defer'],
    ['slack', 'limited'],
  ])('%s=%s passes: the run is whole, and nothing was done twice', async (server, mode) => {
    await systems.setFault(server, mode)
    const run = await onboard()
    expect(failuresOf(run).length).toBeGreaterThan(0)
    expect(run.status).toBe('succeeded')
    expect(await systems.standing(run.slug)).toEqual(whole)
  })

  test.each([
    ['billing', 'declined', 'billing.subscription', { ...whole, subscriptions: 0 }],
    ['email', 'bounce', 'email.onboarding', { ...whole, mails: 0 }],
    ['slack', 'revoked', 'slack.message', { ...whole, told: 0 }],
  ])('%s=%s tears down nothing that is good, and waits for a person', async (server, mode, fact, left) => {
    await systems.setFault(server, mode)
    const run = await onboard()
    expect(run.status).toBe('waiting')
    const [wait] = run.waits.values()
    expect(wait?.facts).toEqual([fact])
    expect(await systems.standing(run.slug)).toEqual(left)

    const notice = [...run.tasks.values()].find((task) => task.notice)
    expect(notice?.status).toBe(server === 'slack' ? 'failed' : 'succeeded')

    await systems.setFault(server, null)
    await systems.remit.answer(run.run_id, 'retry')
    expect(await systems.pursue(run.run_id)).toMatchObject({ status: 'succeeded' })
    expect(await systems.standing(run.slug)).toEqual(whole)
  })

  test('a person may go on without an outcome, or undo it all', async () => {
    await systems.setFault('billing', 'declined')
    const [first, second] = [await onboard(), await onboard()]
    await systems.remit.answer(first.run_id, 'accept')
    const accepted = await systems.pursue(first.run_id)
    expect(accepted.finished?.outcomes.map(({ fact }) => fact)).not.toContain('billing.subscription')
    expect(accepted.status).toBe('succeeded')

    await systems.remit.answer(second.run_id, 'undo', { why: 'wrong customer' })
    const undone = await systems.pursue(second.run_id)
    expect(undone).toMatchObject({ status: 'failed', compensation: { status: 'partial' } })
    // A mail that was sent cannot be taken back, and the record says so.
    expect(undone.compensation?.remaining?.map(({ tool }) => tool)).toEqual(['email.send_onboarding_email'])
    expect(await systems.standing(second.slug)).toEqual({ ...clean, mails: 1 })
  })

  test('refuses an answer that the run does not offer', async () => {
    await systems.setFault('billing', 'declined')
    const run = await onboard()
    await expect(systems.remit.answer(run.run_id, 'pray')).rejects.toThrow('does not offer "pray"')
  })

  test('billing=flaky, email=defer and slack=limited on one day pass, too', async () => {
    for (const [server, mode] of [
      ['billing', 'flaky'],
      ['email', 'defer'],
      ['slack', 'limited'],
    ] as const)
      await systems.setFault(server, mode)
    const run = await onboard()
    expect(run.status).toBe('succeeded')
    expect(await systems.standing(run.slug)).toEqual(whole)
  })

  test('billing=down, email=lost and slack=lost: what is good stays, nothing is sent twice, the run waits', async () => {
    for (const [server, mode] of [
      ['billing', 'down'],
      ['email', 'lost'],
      ['slack', 'lost'],
    ] as const)
      await systems.setFault(server, mode)
    const run = await onboard()
    expect(run.status).toBe('waiting')
    const [wait] = run.waits.values()
    // Nobody can tell whether a mail arrived whose reply was lost; Slack's history tells of the message.
    expect(wait?.facts).toEqual(['billing.subscription', 'email.onboarding'])
    expect(run.tasks.get('post_message')?.status).toBe('succeeded')
    expect(await systems.standing(run.slug)).toEqual({ ...whole, customers: 0, subscriptions: 0 })
    expect([...run.tasks.values()].find((task) => task.notice)?.status).toBe('succeeded')
  })

  test.each([
    ['partial', 'succeeded', whole],
    ['broken', 'failed', clean],
  ])('provisioning=%s: %s, and every system says so', async (mode, status, left) => {
    const faulty = await systems.workplace.open({ servers: true, faults: { provisioning: mode } })
    try {
      const run = await onboard(faulty)
      expect(run.status).toBe(status)
      expect(failuresOf(run).some((failure) => failure.startsWith('provisioning.create_workspace'))).toBe(true)
      if (status === 'failed') expect(run.compensation?.status).toBe('complete')
      expect(await systems.standing(run.slug)).toEqual(left)
    } finally {
      await faulty.close()
    }
  })
})

describe('a fault that a command asked for', { timeout: 60_000 }, () => {
  test('is in force until that command ends, though others go on using the emulator', async () => {
    const faulty = await systems.workplace.open({ servers: true, faults: { billing: 'down' } })
    expect(await systems.faultOf('billing')).toBe('down')
    await faulty.close()
    expect(await systems.faultOf('billing')).toBeNull()
  })

  test('keeps another command from rehearsing something else there meanwhile, which then starts nothing', async () => {
    const faulty = await systems.workplace.open({ servers: true, faults: { billing: 'down' } })
    const faults = { email: 'bounce', billing: 'lost' }
    await expect(systems.workplace.open({ servers: true, faults })).rejects.toThrow(
      'another command on this REMIT_HOME rehearses down',
    )
    expect([await systems.faultOf('billing'), await systems.faultOf('email')]).toEqual(['down', null])
    await faulty.close()
  })

  test('is another’s where it was armed by hand: it stays when a command comes and goes', async () => {
    await systems.setFault('slack', 'revoked')
    const other = await systems.workplace.open({ servers: true })
    await other.close()
    expect(await systems.faultOf('slack')).toBe('revoked')
  })
})
