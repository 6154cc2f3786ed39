import { expect, test } from 'vitest'
import { FakeTerminal } from '../fixtures/fake-terminal.ts'
import { FakeWorkplace } from '../fixtures/fake-workplace.ts'
import { held } from '../fixtures/journals.ts'
import { runCli } from '../run-cli.ts'

async function remit(...argv: string[]) {
  const terminal = new FakeTerminal()
  const workplace = new FakeWorkplace(held().events)
  const exit = await runCli(['request', ...argv], workplace, terminal)
  return { exit, out: terminal.out, asked: workplace.asked, opened: workplace.opened }
}

test('prints what the service answers, and starts nothing for it', async () => {
  const { exit, out, asked, opened } = await remit('/v1/runs?limit=1')
  expect(exit).toBe(0)
  expect(JSON.parse(out)).toEqual({ runs: [] })
  expect(asked).toEqual([{ path: '/v1/runs?limit=1', method: 'GET' }])
  expect(opened).toEqual([])
})

test('posts an input, unless another method is named', async () => {
  const body = { goal: 'onboard' }
  expect((await remit('/v1/runs', '--input', JSON.stringify(body))).asked).toEqual([
    { path: '/v1/runs', method: 'POST', body },
  ])
  expect((await remit('/v1/runs/1/cancel', '--method', 'post')).asked).toMatchObject([{ method: 'POST' }])
})

test('fails where the service refuses, and prints why', async () => {
  const { exit, out } = await remit('/v1/none')
  expect(exit).toBe(1)
  expect(JSON.parse(out)).toEqual({ status: 404 })
})
