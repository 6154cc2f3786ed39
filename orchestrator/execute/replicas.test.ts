import { describe, expect, test } from 'vitest'
import { manifestOf } from '../../shared/capability/manifest-of.ts'
import { server as fixture } from '../../test/support/fixture-server.ts'
import { serverStatus } from '../../test/support/server-status.ts'
import type { CallRequest } from '../model/call.ts'
import { catalogueOf, type Tool } from '../model/catalogue.ts'
import type { ServerStatus } from '../model/server-status.ts'
import { notPerformed } from './outcome.ts'
import { patience } from './patience.ts'
import type { Performed } from './perform-call.ts'
import { merged, openReplicas, orderOf, type Standing } from './replicas.ts'
import type { Upstream } from './upstream.ts'

const done: Performed = { outcome: { status: 'succeeded', output: {} }, evidence: 'answered' }
const sentAway: Performed = { outcome: notPerformed('unavailable', 'busy', 1_000), evidence: 'failed', elsewhere: true }
const denied: Performed = { outcome: notPerformed('denied', 'changed'), evidence: 'none', elsewhere: true }
const uncertain: Performed = {
  outcome: { status: 'uncertain', failure: { kind: 'unavailable', message: 'lost' } },
  evidence: 'failed',
}
const tool = catalogueOf({ version: 1, servers: [manifestOf(fixture)] }).tools.get('fixture.create_thing') as Tool
const up = serverStatus('fixture')

/** An instance that answers with these, one after the other, and then with the last. */
function instance(...answers: Performed[]): Upstream & { calls: number; started: boolean } {
  const fake = {
    calls: 0,
    started: true,
    start: async () => {
      if (!fake.started) throw new Error('does not start')
    },
    call: async () => answers[Math.min(fake.calls++, answers.length - 1)] as Performed,
    list: async () => expect.unreachable('nobody lists'),
    tell: async () => expect.unreachable('nobody asks what it is'),
    content: async () => expect.unreachable('nobody asks for contents'),
    retire: async () => undefined,
    status: () => up,
    close: async () => undefined,
  }
  return fake
}

function replicas(...instances: Upstream[]): { call(): Promise<Performed>; all: Upstream } {
  const now = () => new Date(1_000)
  const all = openReplicas(instances, {
    server: 'fixture',
    limits: { restart: { firstMs: 60_000, longestMs: 60_000 } },
    now,
    random: () => 0,
  })
  const call = () =>
    all.call(tool, {} as CallRequest, { patience: patience({ remainingMs: 60_000 }), onProgress: undefined })
  return { call, all }
}

describe('several instances of a server', () => {
  test('take turns', async () => {
    const [first, second] = [instance(done), instance(done)]
    const { call } = replicas(first, second)
    for (let i = 0; i < 4; i++) await call()
    expect([first.calls, second.calls]).toEqual([2, 2])
  })

  test('stand in for one that sends calls away, which is then asked last', async () => {
    const [gone, works] = [instance(sentAway), instance(done)]
    const { call } = replicas(gone, works)
    for (let i = 0; i < 6; i++) expect(await call()).toBe(done)
    expect([gone.calls, works.calls]).toEqual([1, 6])
  })

  test('never make a call again that may have happened', async () => {
    const [first, second] = [instance(uncertain), instance(uncertain)]
    expect(await replicas(first, second).call()).toBe(uncertain)
    expect(first.calls + second.calls).toBe(1)
  })

  test('refuse a call that each of them sends away, as the one does that may take it later', async () => {
    const both = [instance(denied), instance(sentAway)]
    const { call } = replicas(...both)
    expect([await call(), await call()]).toEqual([sentAway, sentAway])
    expect(both.map(({ calls }) => calls)).toEqual([2, 2])
    expect(await replicas(instance(denied), instance(denied)).call()).toBe(denied)
  })

  test('start where one of them does', async () => {
    const [dead, alive] = [instance(done), instance(done)]
    dead.started = false
    await replicas(dead, alive).all.start()
    alive.started = false
    await expect(replicas(dead, alive).all.start()).rejects.toThrow('does not start')
  })
})

describe('orderOf', () => {
  const standing = (more: Partial<Standing> = {}): Standing => ({ ...up, rests: false, ...more })
  const busy = (in_flight: number) => standing({ calls: { in_flight, queued: 0 } })

  test.each<[string, Standing[], number[]]>([
    ['the freest first', [busy(2), busy(0), busy(1)], [1, 2, 0]],
    ['those that work before those that rest', [standing({ rests: true }), busy(9)], [1, 0]],
    [
      'those that rest before those that are not up',
      [standing({ state: 'backing_off' }), standing({ rests: true })],
      [1, 0],
    ],
    ['those whose circuit is open last', [standing({ circuit: 'open' }), standing({ state: 'idle' })], [1, 0]],
  ])('puts %s', (_, instances, order) => {
    for (const turn of [0, 1, 2]) expect(orderOf(instances, turn)).toEqual(order)
  })

  test('lets equals take turns', () => {
    const three = [standing(), standing(), standing()]
    expect([0, 1, 2, 3].map((turn) => orderOf(three, turn)[0])).toEqual([0, 1, 2, 0])
  })
})

describe('merged', () => {
  test('is as good as the best instance, and tells the troubles of all', () => {
    const trouble = { at: '2026-01-02T00:00:00.000Z', message: 'gone' }
    const down: ServerStatus = { ...up, state: 'backing_off', ends: 2, retry_at: trouble.at, last_error: trouble }
    const drifted = { ...up, era: '2026-07-28', quarantined: [{ tool: 'create_thing', why: 'it differs' }] }
    expect(merged('fixture', [down, drifted])).toEqual({
      ...up,
      era: '2026-07-28',
      instances: { working: 1, of: 2 },
      ends: 2,
      quarantined: [{ tool: 'create_thing', why: 'it differs' }],
      last_error: trouble,
    })
    expect(merged('fixture', [down, { ...up, circuit: 'open' }])).toMatchObject({ state: 'up', circuit: 'open' })
    expect(merged('fixture', [down, { ...down, circuit: 'open' }])).toMatchObject({
      state: 'backing_off',
      instances: { working: 0, of: 2 },
      retry_at: trouble.at,
    })
  })
})
