import { expect, test } from 'vitest'
import { FakeTerminal } from '../fixtures/fake-terminal.ts'
import { FakeWorkplace } from '../fixtures/fake-workplace.ts'
import { happyPath } from '../fixtures/journals.ts'
import { InputError } from '../remit.ts'
import { runCli } from '../run-cli.ts'

async function remit(argv: string[], prepare: (workplace: FakeWorkplace, terminal: FakeTerminal) => void = () => {}) {
  const terminal = new FakeTerminal()
  const workplace = new FakeWorkplace(happyPath().events)
  prepare(workplace, terminal)
  const exit = await runCli(argv, workplace, terminal)
  expect(terminal.listeners.size, 'nobody listens for Ctrl-C any more').toBe(0)
  return { exit, out: terminal.out, err: terminal.err, asked: workplace.answers, opened: workplace.opened.length }
}

test('migrate names what it applied, or says that there was nothing to do', async () => {
  expect((await remit(['migrate'])).out).toBe('Nothing to do: the record is at 0005_payloads.\n')
  const applied = await remit(['migrate'], (workplace) => {
    workplace.migrations = ['0004_run_queue', '0005_payloads']
  })
  expect(applied.out).toBe('✓ 0004_run_queue\n✓ 0005_payloads\nThe record is at 0005_payloads.\n')
  expect(JSON.parse((await remit(['migrate', '--json'])).out)).toEqual({ applied: [], current: '0005_payloads' })
})

test('backup takes its file from the folder of the person, and says what is in it', async () => {
  const { exit, out, asked, opened } = await remit(['backup', 'remit.tar.gz'])
  expect({ exit, opened, asked }).toEqual({
    exit: 0,
    opened: 0,
    asked: [['backup', '/home/ada/remit/remit.tar.gz']],
  })
  expect(out).toContain('keys and passwords')
  expect(out).toContain('restore remit.tar.gz')
})

test('backup names the databases of an external Postgres, and who has to take them', async () => {
  const { out } = await remit(['backup', 'remit.tar.gz'], (workplace) => {
    workplace.backedUp = { databases: ['remit', 'ws_acme'] }
  })
  const words = out.replace(/\s+/g, ' ')
  expect(words).toContain('does not hold its databases: remit, ws_acme.')
  expect(words).toContain('pg_dumpall --globals-only')
})

test('backup ends at Ctrl-C with the code of what was interrupted', async () => {
  const { exit } = await remit(['backup', 'remit.tar.gz'], (workplace, terminal) => {
    workplace.backUp = async (_file: string, signal?: AbortSignal) => {
      terminal.interrupt()
      signal?.throwIfAborted()
      throw new Error('not interrupted')
    }
  })
  expect(exit).toBe(4)
})

test('restore replaces a home only where it is told to, and says where the old one went', async () => {
  const plain = await remit(['restore', 'remit.tar.gz'])
  expect(plain.asked).toEqual([['restore', '/home/ada/remit/remit.tar.gz', 'false']])
  expect(plain.out).toContain('is as it was at 2026-01-01T12:00:00.000Z')
  expect(plain.out).not.toContain('before is in')
  const { out, asked } = await remit(['restore', 'remit.tar.gz', '--replace'])
  expect(asked).toEqual([['restore', '/home/ada/remit/remit.tar.gz', 'true']])
  expect(out).toContain('What was there before is in /home/ada/remit/.remit.replaced')
})

test('restore refuses in words what cannot be restored', async () => {
  const { exit, err } = await remit(['restore', 'remit.tar.gz'], (workplace) => {
    workplace.restore = () => Promise.reject(new InputError('/home/ada/remit/.remit is not empty'))
  })
  expect({ exit, err }).toEqual({ exit: 2, err: 'remit: /home/ada/remit/.remit is not empty\n' })
})
