import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { FakeTerminal } from '../fixtures/fake-terminal.ts'
import type { FakeWorkplace } from '../fixtures/fake-workplace.ts'
import { happyPath, undo, waiting } from '../fixtures/journals.ts'
import { Recording, runId } from '../fixtures/recording.ts'
import { good, remit } from '../fixtures/remit.ts'
import { InputError } from '../remit.ts'

const cancelled = () => new Recording().finish(5, { status: 'cancelled' })

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
