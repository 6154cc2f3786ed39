import { describe, expect, test } from 'vitest'
import { runId } from './fixtures/recording.ts'
import { good, remit } from './fixtures/remit.ts'

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
