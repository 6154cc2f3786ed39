import { describe, expect, test } from 'vitest'
import { FakeTerminal } from './fixtures/fake-terminal.ts'
import { FakeWorkplace } from './fixtures/fake-workplace.ts'
import { childId, type Fate, family } from './fixtures/family.ts'
import { runId } from './fixtures/recording.ts'
import { runCli } from './run-cli.ts'

const mixed: Record<string, Fate> = { 'Acme GmbH': 'done', 'Beta Ltd': 'asks', 'Gamma\u202e SAS': 'undone' }
const done: Record<string, Fate> = { 'Acme GmbH': 'done', 'Beta Ltd': 'done' }

async function remit(argv: string[], fates = mixed, prepare: (terminal: FakeTerminal) => void = () => {}) {
  const terminal = new FakeTerminal()
  const workplace = new FakeWorkplace(family(fates))
  prepare(terminal)
  const exit = await runCli(argv, workplace, terminal)
  return { exit, out: terminal.out, err: terminal.err, workplace }
}

const customers = ['A', 'B'].map((name) => ({ organization: { name, tax_id: `DE-${name}` }, seats: 5 }))
const run = ['run', 'onboard-all', '--input', JSON.stringify({ customers })]

describe('run', () => {
  test('shows a list by what its items are called, and nothing sensitive that stands in them', async () => {
    const { out } = await remit(run)
    expect(out).toContain('input    customers 2: A, B · customers.*.organization.tax_id [sealed]\n')
    expect(out).not.toContain('DE-')
    expect((await remit(['show', 'last'])).out).not.toContain('v1.a.b.c')
  })

  test('tells sub-goals as they go on, from their first call to the last', async () => {
    const { exit, out } = await remit(run)
    expect(exit).toBe(3)
    expect(out).toMatch(/├││ onboard\/0 Acme GmbH +✓ org\.create_organization/)
    expect(out).toContain('answer 019a0000-0000/onboard/1 retry')
  })

  test('tells it as show does', async () => {
    const story = ({ out }: { out: string }) => out.slice(out.indexOf('Decided'))
    expect(story(await remit(run))).toBe(story(await remit(['show', 'last'])))
    expect(story(await remit(run, done))).toBe(story(await remit(['show', 'last'], done)))
  })

  test('prints the runs of sub-goals, and what is waited for, in its document', async () => {
    const document = JSON.parse((await remit([...run, '--json'])).out)
    expect(document).toMatchObject({
      run_id: runId,
      waiting: { for: 'child', child_run: childId(1), task_id: 'onboard/1' },
      children: [
        { run_id: childId(0), task_id: 'onboard/0', goal: 'onboard', status: 'succeeded', item: 'Acme GmbH' },
        { status: 'waiting', item: 'Beta Ltd' },
        { status: 'failed' },
      ],
    })
  })
})

describe('the run of a sub-goal', () => {
  test('is named by its parent and its task, in the story of its own, too', async () => {
    const { exit, out } = await remit(['show', 'last/onboard/1'])
    expect(exit).toBe(0)
    expect(out).toContain('part of  019a0000-0000, as onboard/1 Beta Ltd\n')
    expect(out).toContain(`run      ${childId(1)}\n`)
    expect(out).toContain('answer 019a0000-0000/onboard/1 retry')
    expect(out).toContain('show 019a0000-0000 ')
    expect(JSON.parse((await remit(['show', 'last/onboard/1', '--json'])).out)).toMatchObject({
      run_id: childId(1),
      parent: { run_id: runId },
    })
  })

  test.each([
    ['a task that is no sub-goal', 'last/post_message', 'it has onboard/0, onboard/1, onboard/2'],
    ['a task of a run that has none', 'last/onboard/1/onboard/0', 'has started no sub-goal onboard/0\n'],
  ])('is refused for %s, naming what there is', async (_what, named, message) => {
    const { exit, err } = await remit(['show', named])
    expect(exit).toBe(2)
    expect(err).toContain(message)
  })

  test('is answered by that name, and the run that it is a part of goes on with it', async () => {
    const { exit, out, workplace } = await remit(['answer', 'last/onboard/1', 'accept', '--why', 'they pay by invoice'])
    expect(workplace.answers).toEqual([[childId(1), 'accept', 'they pay by invoice']])
    expect(exit).toBe(3)
    expect(out).toContain('What exists now\n  ✓ succeeded  onboard/0 Acme GmbH')
    expect(out, 'what was told before is not told again').not.toContain('Decided')
  })

  test('asks, not its parent: whoever answers that is told whom to answer', async () => {
    const { exit, err } = await remit(['answer', 'last', 'accept'])
    expect(exit).toBe(2)
    expect(err).toContain('its sub-goals do\n  answer 019a0000-0000/onboard/1 …\n')
  })

  test('goes on alone where its parent has ended', async () => {
    const { out } = await remit(['cancel', 'last/onboard/1'], done)
    expect(out).toContain('show 019a0000-0000/onboard/1')
    expect(out).not.toContain('goals.onboard')
  })
})

test('events says for which item of a list a call is', async () => {
  expect((await remit(['events', 'last'])).out).toMatch(/call_intended +goals\.onboard \(onboard\/1\), task, attempt 1/)
})

describe('runs', () => {
  test('lists sub-goals below their run, and what those that wait are asked', async () => {
    const { out } = await remit(['runs'], mixed, (terminal) => {
      terminal.isTTY = true
    })
    expect(out).toMatchInlineSnapshot(`
      "run                                   goal                    status     created
      ────────────────────────────────────  ──────────────────────  ─────────  ───────
      019a0000-0000-7000-8000-000000000001  onboard-all             waiting    2 s ago
        ? waits for 1 sub-goal
      019a0000-0000-7000-8000-000000000100  └ onboard/0 Acme GmbH   succeeded  1 s ago
      019a0000-0000-7000-8000-000000000101  └ onboard/1 Beta Ltd    waiting    1 s ago
        ? waits for a person: billing.subscription cannot be had: the card was declin…
      019a0000-0000-7000-8000-000000000102  └ onboard/2 Gamma\\u{2…  failed     1 s ago
      "
    `)
  })

  test('names the run above where the list would not reach it', async () => {
    const { out } = await remit(['runs', '--limit', '1'])
    expect(
      out
        .split('\n')
        .slice(2, 5)
        .map((line) => line.slice(0, 36)),
    ).toEqual([runId, '  ? waits for 1 sub-goal', childId(2)])
  })
})
