import { describe, expect, test } from 'vitest'
import { FakeTerminal } from '../fixtures/fake-terminal.ts'
import { FakeWorkplace } from '../fixtures/fake-workplace.ts'
import { happyPath } from '../fixtures/journals.ts'
import type { OpenOptions, Remit } from '../remit.ts'
import { runCli } from '../run-cli.ts'

/** A workplace whose workers end once all of them were let go, or stopped. */
class BusyWorkplace extends FakeWorkplace {
  readonly done: string[] = []
  started: unknown[] = []
  private readonly end = Promise.withResolvers<void>()

  override startWorkers(...asked: unknown[]) {
    this.started = asked
    return this.workers('others')
  }

  override async open(options: OpenOptions): Promise<Remit> {
    const remit = await super.open(options)
    return { ...remit, work: () => this.workers('this one') }
  }

  /** Their calls are under way until somebody stops them. */
  private workers(who: string) {
    return {
      stop: () => {
        this.done.push(`${who} stopped`)
        if (this.done.filter((what) => what.endsWith('stopped')).length === 2) this.end.resolve()
      },
      close: async () => {
        this.done.push(`${who} let go`)
        await this.end.promise
      },
    }
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('start', () => {
  test('lets every worker go at the first Ctrl-C, and stops every one at the second', async () => {
    const workplace = new BusyWorkplace(happyPath().events)
    const terminal = new FakeTerminal()
    const exit = runCli(['start', '--workers', '3', '--runs', '7'], workplace, terminal)
    await settled()
    expect(terminal.out).toContain('Ready: 3 workers')
    expect(workplace.started).toEqual([2, { runs: 7, json: false }])
    terminal.interrupt()
    await settled()
    expect(workplace.done).toEqual(['others let go', 'this one let go'])
    terminal.interrupt()
    expect(await exit).toBe(0)
    expect(workplace.done.slice(2, 4)).toEqual(['this one stopped', 'others stopped'])
    expect(workplace.openNow).toBe(0)
  })

  test('serves HTTP, says where and which key opens it, and lets requests be answered before it ends', async () => {
    const workplace = new BusyWorkplace(happyPath().events)
    const closed: number[] = []
    workplace.serving = { ...workplace.serving, keyFile: '/home/ada/key', close: async (ms) => void closed.push(ms) }
    const terminal = new FakeTerminal()
    const exit = runCli(['start', '--workers', '2'], workplace, terminal)
    await settled()
    expect(terminal.out).toContain('Ready: 2 workers and http://127.0.0.1:4747')
    expect(terminal.out).toContain('/home/ada/key')
    terminal.interrupt()
    await settled()
    expect(closed).toEqual([60_000])
    terminal.interrupt()
    expect(await exit).toBe(0)
  })

  test('says that the local key was revoked, and what to do about it', async () => {
    const workplace = new BusyWorkplace(happyPath().events)
    const { keyFile: _, ...serving } = workplace.serving
    workplace.serving = { ...serving, revokedKeyFile: '/home/ada/key' }
    const terminal = new FakeTerminal()
    const exit = runCli(['start', '--workers', '2'], workplace, terminal)
    await settled()
    expect(terminal.err).toContain('Revoked: the key in /home/ada/key; remove the file')
    terminal.interrupt()
    await settled()
    terminal.interrupt()
    await exit
  })

  test('beside others says on stdout what its runs do, and nothing of itself', async () => {
    const workplace = new BusyWorkplace(happyPath().events)
    const terminal = new FakeTerminal()
    const exit = runCli(['start', '--tied'], workplace, terminal)
    // Its stdin is at its end already: so it has nothing to wait for.
    await settled()
    terminal.interrupt()
    workplace.startWorkers().stop()
    workplace.startWorkers().stop()
    expect(await exit).toBe(0)
    expect(terminal.out).toBe('')
  })
})
