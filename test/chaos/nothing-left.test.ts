import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { isRunning, openHostileGateway, until } from '../support/hostile-gateway.ts'
import { spawnNode } from '../support/spawn-node.ts'

const onLinux = process.platform === 'linux'

/** What this process holds: open files and pipes, timers and handles, listeners. */
function holdings() {
  const resources = process.getActiveResourcesInfo()
  return {
    descriptors: onLinux ? readdirSync('/proc/self/fd').length : 0,
    timers: resources.filter((name) => name === 'Timeout').length,
    processes: resources.filter((name) => name === 'ProcessWrap').length,
    listeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
  }
}

/** What is held now and was not before. */
function heldSince(before: ReturnType<typeof holdings>) {
  const now = Object.entries(holdings())
  return now.filter(([what, count]) => count > before[what as keyof typeof before])
}

async function warningsDuring(work: () => Promise<void>): Promise<string[]> {
  const warnings: string[] = []
  const note = (warning: Error) => warnings.push(warning.message)
  process.on('warning', note)
  await work()
  // Warnings are told a turn later.
  await new Promise((resolve) => setTimeout(resolve, 10))
  process.off('warning', note)
  return warnings
}

describe.each([
  ['one after the other', 1],
  ['fifty at once', 50],
  ['all at once', 1_000],
])('a thousand calls, %s', (_, atOnce) => {
  test('leave nothing behind and warn of nothing', async () => {
    await using hostile = await openHostileGateway()
    const cancel = new AbortController()
    await hostile.output('answer')
    const before = holdings()
    const warnings = await warningsDuring(async () => {
      for (let call = 0; call < 1_000; call += atOnce) {
        const outcomes = await Promise.all(
          Array.from({ length: atOnce }, (_, n) =>
            hostile.outcome('answer', {
              args: { text: 'x'.repeat(10_000), call: call + n },
              signal: cancel.signal,
              onProgress: () => {},
            }),
          ),
        )
        expect(outcomes.map((outcome) => outcome.status === 'succeeded' && outcome.output)).toMatchObject(
          outcomes.map((_, n) => ({ call: call + n })),
        )
      }
    })
    expect(warnings).toEqual([])
    expect(heldSince(before)).toEqual([])
    expect(await hostile.output('count')).toMatchObject({ calls: 1_002 })
    expect(await hostile.starts()).toHaveLength(1)
  })
})

test('no more calls than the manifest says are under way in one process, and the others come in order', async () => {
  await using hostile = await openHostileGateway({ server: { manifest: { concurrency: 3 } } })
  const order: number[] = []
  await Promise.all(
    Array.from({ length: 30 }, async (_, n) => {
      await hostile.output('answer_slowly', { args: { ms: 10 } })
      order.push(n)
    }),
  )
  expect(await hostile.output('count')).toMatchObject({ most_at_once: 3 })
  expect(order.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, n) => n))
  for (const [at, n] of order.entries()) expect(Math.abs(at - n)).toBeLessThan(3)
})

test('bad days leave nothing behind either', async () => {
  const before = holdings()
  {
    await using hostile = await openHostileGateway({ server: {}, other: { start: 'exit' } })
    await hostile.gateway.start(['server', 'other'])
    for (const what of [
      'crash',
      'hang',
      'babble',
      'answer_twice',
      'withdraw',
      'crash',
      'close_stdout',
      'flood_progress',
    ]) {
      await hostile.outcome(what, { within: 400, args: { tool: 'other_thing', count: 500 }, onProgress: () => {} })
      await hostile.outcome('answer', { server: 'other', within: 400 })
    }
    await until('one process runs', async () => (await hostile.starts()).filter(isRunning).length === 1)
    await hostile.gateway.close()
    expect([...(await hostile.starts()), ...(await hostile.starts('other'))].filter(isRunning)).toEqual([])
  }
  await until('pipes are closed', () => holdings().descriptors <= before.descriptors)
  expect(heldSince(before)).toEqual([])
})

describe('what a server leaves behind', () => {
  test.each([
    ['bear_child', 'a child in its group'],
    // A session of its own is found by what it was started with, which only Linux shows.
    ...(onLinux ? [['bear_child_away', 'a child that moved away']] : []),
  ])('ends with it: %s', async (bear) => {
    await using hostile = await openHostileGateway()
    const child = Number((await hostile.output(bear)).child)
    expect(isRunning(child)).toBe(true)
    await hostile.outcome('crash')
    expect(await hostile.outcome('answer')).toMatchObject({ status: 'succeeded' })
    expect(isRunning(child)).toBe(false)

    const another = Number((await hostile.output(bear)).child)
    await hostile.gateway.close()
    await until('it is gone', () => !isRunning(another))
  })

  test('does not keep closing waiting, even where the server itself does not want to leave', async () => {
    await using hostile = await openHostileGateway({ server: { stays: true } }, { leaveMs: 200 })
    const child = Number((await hostile.output('bear_child')).child)
    await hostile.gateway.close()
    expect([...(await hostile.starts()), child].filter(isRunning)).toEqual([])
  })
})

test.runIf(onLinux)('what a killed gateway left behind is ended by the next one that starts', async () => {
  await using holder = spawnNode('test/chaos/fixtures/hostile-holder.ts', [], { PATH: process.env.PATH ?? '' })
  const pids = JSON.parse(await holder.until(/\]\n/, 'stdout')) as number[]
  expect(pids.filter(isRunning)).toHaveLength(2)
  holder.child.kill('SIGKILL')
  await holder.exited
  await using hostile = await openHostileGateway()
  await hostile.gateway.start(['server'])
  await until('they are gone', () => !pids.some(isRunning))
  expect(await hostile.outcome('answer')).toMatchObject({ status: 'succeeded' })
})
