import { describe, expect, test } from 'vitest'
import { FakeTerminal } from './fixtures/fake-terminal.ts'
import { FakeWorkplace } from './fixtures/fake-workplace.ts'
import { happyPath } from './fixtures/journals.ts'
import { onboardGoal, runId } from './fixtures/recording.ts'
import { runCli } from './run-cli.ts'

async function remit(...more: string[]) {
  const terminal = new FakeTerminal()
  const workplace = new FakeWorkplace(happyPath().events)
  const exit = await runCli(['run', '--input', '{"seats": 25}', ...more], workplace, terminal)
  return { exit, out: terminal.out, err: terminal.err, workplace }
}

describe('--budget', () => {
  test('puts its limits in the place of the goal’s own, and leaves the others', async () => {
    const { exit, workplace } = await remit(
      '--budget',
      'tool_calls=50',
      'cost_usd=1.5',
      'onboard',
      '--fault',
      'billing=flaky',
    )
    expect(exit).toBe(0)
    expect(workplace.created[0]?.goal.budget).toEqual({ ...onboardGoal.budget, tool_calls: 50, cost_usd: 1.5 })
    expect(workplace.opened[0]?.faults).toEqual({ billing: 'flaky' })
  })

  test.each([
    ['a name that is almost one', 'tool_call=5', 'there is no limit tool_call; did you mean tool_calls?'],
    ['a name that is none', 'x=5', 'there is no limit x; there are tool_calls, compensation_calls, revisions'],
    ['a value that is no number', 'tool_calls=many', 'tool_calls cannot be many'],
    ['no value', 'tool_calls=', 'tool_calls cannot be '],
    ['a value out of bounds', 'tool_calls=0', 'tool_calls cannot be 0'],
    ['part of a call', 'tool_calls=1.5', 'tool_calls cannot be 1.5'],
    ['a limit without its value', 'tool_calls', '"tool_calls" is neither a fault nor a limit'],
  ])('refuses %s before anything is touched', async (_what, text, message) => {
    const { exit, err, workplace } = await remit('onboard', '--budget', text)
    expect(exit).toBe(2)
    expect(err).toContain(message)
    expect(workplace.opened).toEqual([])
  })

  test('refuses a limit that is given twice', async () => {
    expect((await remit('onboard', '--budget', 'tokens=1', 'tokens=2')).err).toContain('tokens is given twice')
  })
})

describe('--reasoner', () => {
  const keyed = (argv: string[]) => {
    const workplace = new FakeWorkplace(happyPath().events)
    workplace.reasoner = 'claude'
    return runCli(['run', '--input', '{"seats": 25}', ...argv], workplace, new FakeTerminal()).then(() => workplace)
  }

  test('is Claude where there is a key, and the planner where there is none or it is asked for', async () => {
    expect((await keyed(['onboard'])).opened).toMatchObject([{ reasoner: 'claude' }])
    expect((await keyed(['onboard', '--reasoner', 'planner'])).opened).toMatchObject([{ reasoner: 'planner' }])
    expect((await remit('onboard')).workplace.opened).toMatchObject([{ reasoner: 'planner' }])
  })

  test('reads a goal in free text, with the facts that must hold at its end', async () => {
    const { created } = await keyed(['--outcome', 'slack.message', 'billing.subscription', 'tell them about it'])
    expect(created[0]?.goal).toMatchObject({ goal: 'free_text', title: 'tell them about it' })
    expect(created[0]?.goal.outcomes.map(({ fact }) => fact)).toEqual(['slack.message', 'billing.subscription'])
  })

  test('may be recorded to a file, or answered from one, and not both', async () => {
    const { opened } = await keyed(['onboard', '--record', 'tape.jsonl'])
    expect(opened[0]?.cassette).toEqual({ record: expect.stringMatching(/\/tape\.jsonl$/) })
    const { exit, err, workplace } = await remit('onboard', '--record', 'a', '--replay-model', 'b')
    expect(exit).toBe(2)
    expect(err).toContain('need not be written down again')
    expect(workplace.opened).toEqual([])
  })

  test('with outcomes is for free text: a goal says its own', async () => {
    const { exit, err } = await remit('onboard', '--outcome', 'slack.message')
    expect(exit).toBe(2)
    expect(err).toContain('onboard says its own outcomes')
  })
})

describe('--detach', () => {
  test('records the run for a worker, starts no server, and says how it is followed', async () => {
    const { exit, out, workplace } = await remit('onboard', '--detach')
    expect(exit).toBe(0)
    expect(workplace.created).toEqual([{ goal: onboardGoal, detach: true }])
    expect(workplace.opened).toMatchObject([{ servers: false }])
    expect(out).toBe(
      `${runId}\nA worker pursues it: npm run remit -- start\nHow it stands: npm run remit -- show 019a0000-0000\n`,
    )
  })

  test('prints the id alone to scripts', async () => {
    expect(JSON.parse((await remit('onboard', '--detach', '--json')).out)).toEqual({ run_id: runId })
  })

  test.each([
    ['--plan-only', 'records no run'],
    ['--fault=billing=flaky', 'a worker has the faults that it was started with'],
  ])('refuses %s', async (option, message) => {
    const { exit, err } = await remit('onboard', '--detach', option)
    expect(exit).toBe(2)
    expect(err).toContain(message)
  })
})
