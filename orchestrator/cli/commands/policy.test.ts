import { join } from 'node:path'
import { expect, test } from 'vitest'
import { FakeTerminal } from '../fixtures/fake-terminal.ts'
import { FakeWorkplace } from '../fixtures/fake-workplace.ts'
import { held } from '../fixtures/journals.ts'
import { runId } from '../fixtures/recording.ts'
import { runCli } from '../run-cli.ts'

async function remit(...argv: string[]) {
  const terminal = new FakeTerminal()
  const workplace = new FakeWorkplace(held().events)
  const exit = await runCli(argv, workplace, terminal)
  expect(workplace.openNow).toBe(0)
  return { exit, out: terminal.out, err: terminal.err, workplace, terminal }
}

test('shows the rules in force in the order in which they are asked', async () => {
  const { exit, out, workplace } = await remit('policy')
  expect(exit).toBe(0)
  expect(workplace.opened, 'nothing is started').toEqual([])
  const at = ['1. hold held-for-the-test', '2. hold tainted-destination-held', '3. allow reads-allowed'].map((line) =>
    out.indexOf(line),
  )
  expect(at).toEqual(at.toSorted((a, b) => a - b))
  expect(at[0]).toBeGreaterThanOrEqual(0)
  expect(JSON.parse((await remit('policy', '--json')).out)).toMatchObject({ file: '/home/ada/remit/policy.yaml' })
})

test('tries the rules of a file, found from where the person stands, on the calls of a run', async () => {
  const { exit, out, workplace, terminal } = await remit('policy', 'test', 'next.yaml', '--run', runId)
  expect(exit).toBe(0)
  expect(workplace.policies).toEqual([join(terminal.folder, 'next.yaml')])
  expect(out).toContain('1 call of 1 run judged: 1 would be otherwise.')
  expect(out).toContain('slack.post_message  hold → allow')
  expect(out).toContain('was announcements-held: held')
})

test('prints what would be otherwise as one document', async () => {
  const { out } = await remit('policy', 'test', '--since', '2026-01-01', '--json')
  expect(JSON.parse(out)).toMatchObject({
    runs: 1,
    calls: 1,
    otherwise: [
      { run_id: runId, recorded: { verdict: 'hold' }, now: { rule: 'creates-and-updates-by-reviewed-servers' } },
    ],
  })
})

test('takes no date that is none', async () => {
  expect((await remit('policy', 'test', '--since', 'yesterday')).exit).toBe(2)
})
