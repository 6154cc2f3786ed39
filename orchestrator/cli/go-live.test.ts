import { expect, test } from 'vitest'
import { FakeTerminal } from './fixtures/fake-terminal.ts'
import { FakeWorkplace } from './fixtures/fake-workplace.ts'
import { happyPath } from './fixtures/journals.ts'
import { runCli } from './run-cli.ts'

const live: FakeWorkplace['live'] = {
  record: 'the Postgres that Remit runs itself',
  servers: [
    {
      name: 'billing',
      title: 'Billing',
      endpoints: ['https://api.stripe.com/'],
      accounts: ['STRIPE_API_KEY from the environment variable STRIPE_KEY'],
      settings: [],
    },
    { name: 'organizations', title: 'Organizations', endpoints: [], accounts: ['a database of its own'], settings: [] },
  ],
}

async function remit(argv: string[], { answers, canAsk = true }: { answers: string[]; canAsk?: boolean }) {
  const terminal = Object.assign(new FakeTerminal(), { canAsk })
  terminal.answers.push(...answers)
  const workplace = Object.assign(new FakeWorkplace(happyPath().events), { mode: 'live' as const, live })
  const exit = await runCli(argv, workplace, terminal)
  return { exit, out: terminal.out, err: terminal.err, workplace, terminal }
}

const run = ['run', 'onboard', '--input', '{"seats": 25}']

test('names what live mode reaches and as whom, and goes on once a person agrees', async () => {
  const { exit, err, workplace } = await remit(run, { answers: ['y'] })
  expect(exit).toBe(0)
  expect(err).toContain('  billing        https://api.stripe.com/\n')
  expect(err).toContain('STRIPE_API_KEY from the environment variable STRIPE_KEY\n')
  expect(err).toContain('  record         the Postgres that Remit runs itself\n')
  expect(err).toContain('[y/N]')
  expect(workplace.agreed).toBe(1)
})

test.each(['', 'n', 'nonsense'])('starts nothing on the answer %j', async (answer) => {
  const { exit, err, workplace } = await remit(run, { answers: [answer] })
  expect(exit).toBe(2)
  expect(err).toContain('nothing was started')
  expect([workplace.agreed, workplace.opened]).toEqual([0, []])
})

test('starts nothing where no answer comes', async () => {
  const { exit, workplace } = await remit(run, { answers: [] })
  expect([exit, workplace.opened]).toEqual([2, []])
})

test('where nobody can be asked, says what to do', async () => {
  const { exit, err, workplace } = await remit(run, { answers: ['y'], canAsk: false })
  expect(exit).toBe(2)
  expect(err).toContain('--yes')
  expect(workplace.opened).toEqual([])
})

test('takes --yes for the agreement, still names the accounts, and keeps stdout for JSON', async () => {
  const { exit, out, err, workplace } = await remit([...run, '--yes', '--json'], { answers: [], canAsk: false })
  expect(exit).toBe(0)
  expect(err).toContain('https://api.stripe.com/')
  expect(JSON.parse(out)).toMatchObject({ status: 'succeeded' })
  expect(workplace.agreed).toBe(1)
})

test('asks before any command that makes calls, and not where nothing is called', async () => {
  for (const argv of [
    ['resume', 'last'],
    ['answer', 'last', 'retry'],
  ]) {
    const { exit, workplace } = await remit(argv, { answers: ['n'] })
    expect([exit, workplace.opened]).toEqual([2, []])
  }
  for (const argv of [['runs'], [...run, '--plan-only']]) {
    const { err } = await remit(argv, { answers: [] })
    expect(err).not.toContain('live')
  }
})

test('is interrupted by Ctrl-C while it asks, with nothing started', async () => {
  const terminal = Object.assign(new FakeTerminal(), { canAsk: true })
  terminal.ask = () => {
    terminal.interrupt()
    return Promise.withResolvers<undefined>().promise
  }
  const workplace = Object.assign(new FakeWorkplace(happyPath().events), { mode: 'live' as const, live })
  expect(await runCli(run, workplace, terminal)).toBe(4)
  expect(workplace.opened).toEqual([])
})

test('an unknown fault is refused before anything is shown or started', async () => {
  const { exit, out, workplace } = await remit([...run, '--fault', 'billing=odd'], { answers: ['y'] })
  expect([exit, out, workplace.opened]).toEqual([2, '', []])
})
