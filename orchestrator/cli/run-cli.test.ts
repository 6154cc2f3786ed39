import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { FakeTerminal } from './fixtures/fake-terminal.ts'
import { FakeWorkplace } from './fixtures/fake-workplace.ts'
import { happyPath, held, undo, waiting } from './fixtures/journals.ts'
import { Recording as Journal, type Recording, runId } from './fixtures/recording.ts'
import { InputError } from './remit.ts'
import { runCli } from './run-cli.ts'

async function remit(argv: string[], { recording = happyPath(), prepare }: Options = {}) {
  const terminal = new FakeTerminal()
  const workplace = new FakeWorkplace(recording.events)
  prepare?.(workplace, terminal)
  const exit = await runCli(argv, workplace, terminal)
  expect(workplace.openNow, 'Remit is closed whatever happens').toBe(0)
  expect(terminal.listeners.size, 'nobody listens for Ctrl-C any more').toBe(0)
  return { exit, out: terminal.out, err: terminal.err, terminal, workplace }
}

interface Options {
  recording?: Recording
  prepare?(workplace: FakeWorkplace, terminal: FakeTerminal): void
}

const good = ['--input', '{"seats": 25}']
const cancelled = () => new Journal().finish(5, { status: 'cancelled' })

describe('run', () => {
  test.each([
    ['succeeded', happyPath, 0],
    ['failed', undo, 1],
    ['waiting', waiting, 3],
    ['cancelled', cancelled, 4],
  ])('exits with the code of a run that is %s', async (_status, recording, code) => {
    expect((await remit(['run', 'onboard', ...good], { recording: recording() })).exit).toBe(code)
  })

  test('tells the whole story, from who it is for to what exists now', async () => {
    const { out, err } = await remit(['run', 'onboard', ...good])
    for (const part of [
      'Onboard a customer',
      'emulated on this machine: Stripe',
      'started',
      runId,
      'Decided: a plan',
      'Calls',
      'What exists now',
    ])
      expect(out).toContain(part)
    expect(err).toBe('')
  })

  test('hides sensitive input before it was ever recorded', async () => {
    const { out } = await remit(['run', 'onboard', ...good])
    expect(out).toContain('organization.tax_id [sealed]')
    expect(out).not.toContain('DE123')
  })

  test('prints one JSON document and nothing else on stdout with --json', async () => {
    const { out, err } = await remit(['run', 'onboard', ...good, '--json'])
    expect(JSON.parse(out)).toMatchObject({ run_id: runId, status: 'succeeded', goal: 'onboard' })
    expect(err).toContain('billing.create_customer')
  })

  test('names every fault of the input by its path, and opens nothing', async () => {
    const { exit, out, err, workplace } = await remit(['run', 'onboard', '--input', '{"seats": "many"}'])
    expect(exit).toBe(2)
    expect(out).toBe('')
    expect(err).toBe(
      'remit: The input of onboard has 2 faults\n  /seats              must be an integer\n  /organization/name  is required\n',
    )
    expect(workplace.opened).toEqual([])
  })

  test('gives a long path a line of its own', async () => {
    const path = '/tools/email.send_onboarding_email/workspace_id'
    const { err } = await remit(['run', 'onboard'], {
      prepare(workplace) {
        workplace.checkInput = () => {
          throw new InputError('It has 2 faults', [
            { path, message: 'is required' },
            { path: '/a', message: 'must be a text' },
          ])
        }
      },
    })
    expect(err).toBe(`remit: It has 2 faults\n  ${path}\n    is required\n  /a  must be a text\n`)
  })

  test('gives the faults to scripts as JSON', async () => {
    const { exit, out } = await remit(['run', 'onboard', '--json'])
    expect(exit).toBe(2)
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'invalid_input', issues: [{ path: '/seats' }, {}] } })
  })

  test('reads the last of several input files, from the folder of the person', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'remit-cli-'))
    try {
      await writeFile(join(folder, 'bad.json'), '{"seats": 1}')
      await writeFile(join(folder, 'good.json'), '{"seats": 25}')
      const prepare = (_: FakeWorkplace, terminal: FakeTerminal) => {
        terminal.folder = folder
      }
      const argv = ['run', 'onboard', '--input', 'bad.json', '--input', 'good.json']
      expect((await remit(argv, { prepare })).exit).toBe(0)
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  test.each([
    ['a file that is not there', ['run', 'onboard', '--input', 'nowhere.json'], 'there is no file nowhere.json'],
    ['JSON that is not', ['run', 'onboard', '--input', '{"seats": '], '--input is not JSON'],
    ['a goal that is not there', ['run', 'offboard'], 'there are onboard'],
    ['free text', ['run', 'onboard Acme, 25 seats'], 'needs a model that reads it'],
    ['no goal', ['run'], 'onboard  Onboard a customer'],
    [
      'another reasoner',
      ['run', 'onboard', ...good, '--reasoner', 'claud'],
      '"claud" is no reasoner; there are claude and planner',
    ],
    ['a fault without a mode', ['run', 'onboard', ...good, '--fault', 'billing='], 'write NAME=MODE'],
    ['two modes of one fault', ['run', 'onboard', ...good, '--fault', 'a=b', 'a=c'], 'a is given twice'],
    ['an unknown option', ['run', 'onboard', '--fast'], "unknown option '--fast'"],
    ['an unknown command', ['fly'], "unknown command 'fly'"],
  ])('refuses %s before anything is touched', async (_what, argv, message) => {
    const { exit, err, workplace } = await remit(argv)
    expect(exit).toBe(2)
    expect(err).toContain(message)
    expect(workplace.opened).toEqual([])
  })

  test('takes faults one by one or several at once, before or after the goal', async () => {
    const { workplace, exit } = await remit([
      'run',
      '--fault',
      'email=defer',
      ...good,
      '--fault',
      'billing=flaky',
      'onboard',
    ])
    expect(exit).toBe(0)
    expect(workplace.opened[0]).toMatchObject({ servers: true, faults: { email: 'defer', billing: 'flaky' } })
  })

  test('plans without servers, and fails where there is no plan', async () => {
    const { exit, out, workplace } = await remit(['run', 'onboard', ...good, '--plan-only'])
    expect(exit).toBe(1)
    expect(out).toContain('there is no plan (no_plan)')
    expect(out).toContain('/outcomes/0  nothing establishes it')
    expect(workplace.opened[0]?.servers).toBe(false)
  })

  test('cancels at the first Ctrl-C and lets go at the second, which is not the echo of the first', async () => {
    const seen: boolean[][] = []
    const { out } = await remit(['run', 'onboard', ...good], {
      prepare(workplace, terminal) {
        workplace.whilePursuing = ({ cancel, signal }) => {
          for (const later of [0, 5, 1000]) {
            terminal.time += later
            terminal.interrupt()
            seen.push([cancel.aborted, signal.aborted])
          }
        }
      },
    })
    expect(seen).toEqual([
      [true, false],
      [true, false],
      [true, true],
    ])
    expect(out).toContain('Cancelling: waiting for 0 calls, then undoing; Ctrl-C again to stop at once')
  })
})

describe('Ctrl-C', () => {
  test.each([
    ['between two steps of opening', true],
    ['at its last step', false],
  ])('%s ends a run before it is created, and all that was started', async (_when, heedsSignal) => {
    const { exit, out, err } = await remit(['run', 'onboard', ...good], {
      prepare(workplace, terminal) {
        workplace.heedsSignal = heedsSignal
        workplace.whileOpening = () => terminal.interrupt()
      },
    })
    expect(exit).toBe(4)
    expect(out).toContain('Interrupted: stopping what was started')
    expect(out).not.toContain(runId)
    expect(err).toBe('remit: Interrupted\n')
  })

  test('is named before what failed because of it', async () => {
    const { exit, err } = await remit(['runs'], {
      prepare(workplace, terminal) {
        workplace.whileOpening = () => {
          terminal.interrupt()
          throw new Error('initdb ended early')
        }
      },
    })
    expect(exit).toBe(4)
    expect(err).toBe('remit: Interrupted (meanwhile: initdb ended early)\n')
  })

  test('is told to scripts as JSON', async () => {
    const { out } = await remit(['run', 'onboard', ...good, '--json'], {
      prepare(workplace, terminal) {
        workplace.whileOpening = () => terminal.interrupt()
      },
    })
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'interrupted' } })
  })

  test('ends a question that takes too long', async () => {
    const { exit } = await remit(['sql', 'select pg_sleep(600)'], {
      prepare(workplace, terminal) {
        workplace.whileAsked = () => {
          terminal.interrupt()
          return new Promise(() => undefined)
        }
      },
    })
    expect(exit).toBe(4)
  })

  test('does not end the closing', async () => {
    const listeners: number[] = []
    await remit(['runs'], {
      prepare(workplace, terminal) {
        workplace.whileClosing = () => listeners.push(terminal.listeners.size)
      },
    })
    expect(listeners).toEqual([1])
  })
})

describe('approvals', () => {
  const approval = 'aaaa0000-0000-7000-8000-000000000001'
  const asked = {
    recording: held(),
    prepare: (workplace: FakeWorkplace) => {
      const until = '2026-01-02T00:00:00.000Z'
      workplace.openApprovals = [
        { approval_id: approval, run_id: runId, task_id: 'post_message', question: 'May it?', until },
      ]
    },
  }

  test('shows exactly what would be called, with what deceives the eye escaped and what is sealed hidden', async () => {
    const { exit, out } = await remit(['approvals'], asked)
    expect(exit).toBe(0)
    expect(out).toContain(approval)
    expect(out).toContain('slack.post_message')
    expect(out).toContain('"#sales"')
    expect(out).toContain('[sealed]')
    expect(out).not.toContain('\u202e')
  })

  test('says so when there are none', async () => {
    expect(await remit(['approvals'])).toMatchObject({ exit: 0, out: '', err: 'Nothing waits for an approval.\n' })
  })

  test.each([
    ['approve', '--reason'],
    ['deny', '--why'],
  ])('%s records the decision and goes on with the run', async (choice, option) => {
    const { exit, workplace, out } = await remit([choice, 'aaaa', option, 'read it'], asked)
    expect(workplace.answers).toEqual([['aaaa', choice, 'read it']])
    expect(exit).toBe(3)
    expect(out).toContain(`approve ${approval}`)
  })
})

describe('cancel and resume', () => {
  test('cancel records who asked, and follows the undo', async () => {
    const { workplace } = await remit(['cancel', 'last', '--why', 'wrong customer'], { recording: waiting() })
    expect(workplace.answers).toEqual([['cancel', runId, 'wrong customer']])
  })

  test('resume goes on with a run that rests, and refuses one that ended', async () => {
    expect((await remit(['resume', 'last'], { recording: waiting() })).exit).toBe(3)
    const { exit, err } = await remit(['resume', 'last'])
    expect(exit).toBe(2)
    expect(err).toContain('nothing to resume')
  })
})

describe('answer', () => {
  test('records the answer and goes on with the run', async () => {
    const { exit, workplace, out } = await remit(['answer', '019a', 'undo', '--why', 'no time'], {
      recording: waiting(),
    })
    expect(workplace.answers).toEqual([[runId, 'undo', 'no time']])
    expect(workplace.opened[0]?.servers).toBe(true)
    expect(exit).toBe(3)
    expect(out).toContain('answer 019a0000-0000 retry')
  })

  test('refuses what the run does not offer, naming what it does', async () => {
    const { exit, err, workplace } = await remit(['answer', 'last', 'perhaps'], { recording: waiting() })
    expect(exit).toBe(2)
    expect(err).toContain('does not offer "perhaps"')
    expect(err).toContain('try the failed tasks again')
    expect(workplace.answers).toEqual([])
  })

  test('refuses a run that asks nothing', async () => {
    expect((await remit(['answer', 'last', 'undo'])).err).toContain('is succeeded and waits for no answer')
  })
})

describe('looking', () => {
  test('show tells the same story again, and starts no server', async () => {
    const { exit, out, workplace } = await remit(['show', '019a'])
    expect(exit).toBe(0)
    expect(out).toContain('   0.055s │╷ → billing.create_customer')
    expect(workplace.opened).toMatchObject([{ servers: false }])
  })

  test('show --json prints the document', async () => {
    const { out } = await remit(['show', 'last', '--json'])
    expect(JSON.parse(out)).toMatchObject({ run_id: runId, calls: { length: 6 } })
  })

  test('says so when no run has such an id', async () => {
    expect(await remit(['show', 'ffff'])).toMatchObject({
      exit: 2,
      err: 'remit: No run has an id that starts with ffff\n',
    })
  })

  test('events prints a line for each event, sealed values hidden', async () => {
    const recording = happyPath()
    const { out } = await remit(['events', 'last', '--json'], { recording })
    const lines = out.trimEnd().split('\n')
    expect(lines).toHaveLength(recording.events.length)
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      seq: 1,
      data: { input: { organization: { tax_id: '[sealed]' } } },
    })
    expect((await remit(['events', 'last'])).out).toMatch(
      /5 {2}12:00:00\.029 {2}call_settled +org\.validate_signup succeeded/,
    )
  })

  test('runs and servers list what there is', async () => {
    expect((await remit(['runs'])).out).toMatch(/019a0000-0000-7000-8000-000000000001 +onboard +succeeded +2 s ago/)
    expect((await remit(['servers'])).out).toMatch(/billing +1\.2\.3 +1 +0 +Stripe +STRIPE_API_BASE +STRIPE_API_KEY/)
  })

  test('tools lists all tools, and finds those that fit a query', async () => {
    expect((await remit(['tools'])).out).toMatch(/billing\.create_customer +create +billing\.customer +Create customer/)
    expect(JSON.parse((await remit(['tools', 'customer', 'account', '--json'])).out)).toMatchObject([
      { id: 'billing.create_customer' },
    ])
  })

  test('sql shows rows as a table or as JSON, and says when there are more', async () => {
    const prepare = (workplace: FakeWorkplace) => {
      workplace.rows = [
        ['a\u001b[2J', { seats: 25 }],
        ['b', null],
      ]
    }
    const { out, err } = await remit(['sql', 'select 1'], { prepare })
    expect(out).toBe('tool    arguments\n──────  ────────────\na\\e[2J  {"seats":25}\nb       null\n(2 rows)\n')
    expect(err).toContain('more rows than the 2 shown')
    const json = await remit(['sql', 'select 1', '--json'], { prepare })
    expect(JSON.parse(json.out)[0]).toEqual({ tool: 'a\u001b[2J', arguments: { seats: 25 } })
  })

  test('verify passes a whole record, and fails an altered one with the event that was', async () => {
    expect(await remit(['verify'])).toMatchObject({ exit: 0 })
    const { exit, out } = await remit(['verify', 'last'], {
      prepare(workplace) {
        workplace.problems = [{ run_id: runId, seq: 3, what: 'its content does not have the hash that was recorded' }]
      },
    })
    expect(exit).toBe(1)
    expect(out).toContain(`${runId} #3`)
  })

  test('doctor fails when something is amiss, and says what to do', async () => {
    const { exit, out } = await remit(['doctor'])
    expect(exit).toBe(1)
    expect(out).toBe(
      '✓ Node      26.10.0\n✗ Postgres  no binaries for this machine\n            → Run npm ci without --omit=optional.\n',
    )
  })

  test('stop says what it stopped', async () => {
    expect((await remit(['stop'])).out).toBe('Stopped billing emulator, postgres.\n')
  })
})

describe('psql', () => {
  test('hands the address to psql by its environment, never by its arguments', async () => {
    const { terminal, err } = await remit(['psql'])
    expect(terminal.programs).toEqual([
      {
        name: 'psql',
        args: [],
        environment: {
          PGHOST: '127.0.0.1',
          PGPORT: '5432',
          PGUSER: 'reader',
          PGPASSWORD: 's@crt',
          PGDATABASE: 'remit',
        },
      },
    ])
    expect(err).not.toContain('crt')
  })
})

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
