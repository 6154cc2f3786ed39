import { describe, expect, test } from 'vitest'
import type { FakeTerminal } from './fixtures/fake-terminal.ts'
import type { FakeWorkplace } from './fixtures/fake-workplace.ts'
import { remit } from './fixtures/remit.ts'

describe('errors', () => {
  const broken = (workplace: FakeWorkplace) => {
    workplace.open = async () => {
      throw new Error('Postgres does not answer\u001b[2J')
    }
  }

  test('are one message without a stack', async () => {
    expect(await remit(['runs'], { prepare: broken })).toMatchObject({
      exit: 1,
      err: 'remit: Postgres does not answer\\e[2J\n',
    })
  })

  test('show where they came from with --debug', async () => {
    expect((await remit(['runs', '--debug'], { prepare: broken })).err).toContain('run-cli.test.ts')
  })

  test('leave stdout to JSON', async () => {
    const { out } = await remit(['runs', '--json'], { prepare: broken })
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'internal' } })
  })
})

describe('colours', () => {
  const colored = (_: FakeWorkplace, terminal: FakeTerminal) => {
    terminal.colors = true
  }

  test('are there on a terminal that has them, and not with --no-color', async () => {
    expect((await remit(['show', 'last'], { prepare: colored })).out).toContain('\u001b[')
    expect((await remit(['show', 'last', '--no-color'], { prepare: colored })).out).not.toContain('\u001b[')
  })
})

test('help lists every command and exits well', async () => {
  const { exit, out } = await remit(['--help'])
  expect(exit).toBe(0)
  for (const command of [
    'run',
    'runs',
    'show',
    'events',
    'answer',
    'approvals',
    'approve',
    'deny',
    'cancel',
    'resume',
    'tools',
    'servers',
    'sql',
    'psql',
    'verify',
    'export',
    'migrate',
    'backup',
    'restore',
    'doctor',
    'stop',
  ])
    expect(out).toMatch(new RegExp(`^ {2}${command}\\b`, 'm'))
})
