import { describe, expect, test } from 'vitest'
import { isRunning, openHostileGateway, until } from '../support/hostile-gateway.ts'

describe('a cancel', () => {
  test('while the server starts sends nothing', async () => {
    await using hostile = await openHostileGateway()
    const cancel = new AbortController()
    const cancelled = hostile.outcome('answer', { tool: 'make_thing', signal: cancel.signal })
    const kept = hostile.outcome('answer', { tool: 'make_thing' })
    await until('it starts', () => hostile.status().state === 'starting')
    cancel.abort()
    expect(await cancelled).toMatchObject({
      status: 'failed',
      failure: { kind: 'unavailable', message: 'server.make_thing was cancelled before anything was sent' },
    })
    expect(await kept).toMatchObject({ status: 'succeeded' })
    expect(await hostile.output('count')).toMatchObject({ calls: 2 })
  })

  test('while the server is started again sends nothing, and the restart goes on', async () => {
    await using hostile = await openHostileGateway({ server: {} }, { restart: { firstMs: 600, longestMs: 600 } })
    await hostile.outcome('crash')
    expect(hostile.status().state).toBe('backing_off')
    const cancel = new AbortController()
    const cancelled = hostile.outcome('answer', { tool: 'make_thing', signal: cancel.signal })
    cancel.abort()
    expect(await cancelled).toMatchObject({ status: 'failed' })
    await until('it is up again', () => hostile.status().state === 'up')
    expect(await hostile.output('count')).toMatchObject({ calls: 1 })
  })

  test('before the call is one before anything was sent', async () => {
    await using hostile = await openHostileGateway()
    await hostile.output('answer')
    expect(await hostile.outcome('answer', { tool: 'make_thing', signal: AbortSignal.abort() })).toMatchObject({
      status: 'failed',
    })
    expect(await hostile.output('count')).toMatchObject({ calls: 2 })
  })

  test('of many calls at once lets the others through', async () => {
    await using hostile = await openHostileGateway({ server: { manifest: { concurrency: 2 } } })
    const cancel = new AbortController()
    const calls = Array.from({ length: 100 }, (_, n) =>
      hostile.outcome('answer_slowly', { args: { ms: 5 }, ...(n % 2 === 0 && { signal: cancel.signal }) }),
    )
    await until('some are under way', () => hostile.status().calls.in_flight === 2)
    cancel.abort()
    const outcomes = await Promise.all(calls)
    expect(outcomes.filter(({ status }) => status === 'succeeded').length).toBeGreaterThanOrEqual(50)
    expect(hostile.status().calls).toEqual({ in_flight: 0, queued: 0 })
  })
})

describe('a deadline', () => {
  test('that passes in the queue sends nothing', async () => {
    await using hostile = await openHostileGateway({ server: { manifest: { concurrency: 1 } } })
    await hostile.output('answer')
    const first = hostile.outcome('answer_slowly', { args: { ms: 1_000 } })
    const queued = hostile.outcome('answer', { tool: 'make_thing', within: 200 })
    expect(await queued).toMatchObject({
      status: 'failed',
      failure: { message: 'the deadline of server.make_thing passed before anything was sent' },
    })
    expect(await first).toMatchObject({ status: 'succeeded' })
    expect(await hostile.output('count')).toMatchObject({ calls: 3 })
  })

  test('that passes while the tools are looked at again sends nothing', async () => {
    await using hostile = await openHostileGateway()
    await hostile.outcome('change', { args: { tool: 'other_thing', to: {} } })
    // The next look has to wait for a rest after this one.
    await hostile.outcome('answer')
    await hostile.outcome('change', { args: { tool: 'other_thing', to: {} } })
    expect(await hostile.outcome('answer', { tool: 'make_thing', within: 100 })).toMatchObject({
      status: 'failed',
      failure: { message: 'the deadline of server.make_thing passed before anything was sent' },
    })
    expect(await hostile.outcome('answer')).toMatchObject({ status: 'succeeded' })
  })

  test('of one call does not end the call beside it on a server that still answers', async () => {
    await using hostile = await openHostileGateway()
    const slow = hostile.outcome('answer_slowly', { tool: 'make_thing', args: { ms: 2_500 } })
    const late = await Promise.all(Array.from({ length: 10 }, () => hostile.outcome('hang', { within: 300 })))
    expect(late.map(({ status }) => status)).toEqual(Array(10).fill('failed'))
    expect(await slow).toMatchObject({ status: 'succeeded' })
    // Ten that hang at the same time are one failure.
    expect(hostile.status()).toMatchObject({ circuit: 'closed', ends: 0 })
  })
})

describe('closing', () => {
  test('in the middle of everything settles everything and leaves no process', async () => {
    await using hostile = await openHostileGateway(
      {
        server: { manifest: { concurrency: 2 } },
        dying: {},
        starting: { start: 'say_nothing' },
        failing: { start: 'exit' },
      },
      { restart: { firstMs: 300, longestMs: 300 } },
    )
    await hostile.output('answer')
    await hostile.outcome('crash', { server: 'dying' })
    let underWay = 0
    const onProgress = () => {
      underWay += 1
    }
    const calls = [
      ...Array.from({ length: 5 }, () => hostile.outcome('hang', { tool: 'make_thing', onProgress })),
      hostile.outcome('answer', { server: 'dying', tool: 'make_thing' }),
      hostile.outcome('answer', { server: 'starting', tool: 'make_thing' }),
      hostile.outcome('answer', { server: 'failing', tool: 'make_thing' }),
    ]
    await until('two are under way', () => underWay === 2)
    await Promise.all([hostile.gateway.close(), hostile.gateway.close()])
    const statuses = (await Promise.all(calls)).map(({ status }) => status)
    expect(statuses).toEqual(['uncertain', 'uncertain', ...Array(6).fill('failed')])
    for (const server of ['server', 'dying', 'starting', 'failing'])
      expect((await hostile.starts(server)).filter(isRunning)).toEqual([])
    expect(hostile.gateway.status().map(({ state }) => state)).toEqual(Array(4).fill('closed'))
  })

  test('while a silent process is being replaced', async () => {
    await using hostile = await openHostileGateway()
    await hostile.outcome('wedge', { within: 200 })
    await hostile.gateway.close()
    expect((await hostile.starts()).filter(isRunning)).toEqual([])
    expect(await hostile.outcome('answer')).toMatchObject({
      status: 'failed',
      failure: { kind: 'unavailable', message: 'server.read_thing was not called: the gateway is closing' },
    })
  })

  test('before a start that was asked for has begun', async () => {
    await using hostile = await openHostileGateway()
    const starting = hostile.gateway.start(['server'])
    await hostile.gateway.close()
    await starting
    await hostile.gateway.start(['server'])
    expect(await hostile.starts()).toEqual([])
  })
})

describe('two failures at once', () => {
  test('a crash while another call runs out of time', async () => {
    await using hostile = await openHostileGateway()
    await hostile.output('answer')
    const late = hostile.outcome('hang', { tool: 'make_thing', within: 200 })
    await late
    // The server is being asked whether it is still there.
    const crash = hostile.outcome('crash', { tool: 'make_thing' })
    expect(await crash).toMatchObject({ status: 'uncertain' })
    expect(await hostile.outcome('answer')).toMatchObject({ status: 'succeeded' })
    expect(hostile.status()).toMatchObject({ ends: 1, circuit: 'closed' })
    expect(await hostile.starts()).toHaveLength(2)
  })

  test('a kill from outside while the process is wedged', async () => {
    await using hostile = await openHostileGateway()
    await hostile.gateway.start(['server'])
    const [pid = 0] = hostile.gateway.pids()
    const wedged = hostile.outcome('wedge', { tool: 'make_thing', within: 300 })
    await wedged
    process.kill(pid, 'SIGKILL')
    await until('its end was noticed', () => hostile.status().ends === 1)
    expect(await hostile.outcome('answer')).toMatchObject({ status: 'succeeded' })
    expect(hostile.status()).toMatchObject({ ends: 1 })
  })

  test('a change of tools while the server crashes', async () => {
    await using hostile = await openHostileGateway()
    await hostile.output('answer')
    const calls = [
      hostile.outcome('withdraw', { args: { tool: 'make_thing' } }),
      hostile.outcome('crash'),
      hostile.outcome('answer', { tool: 'make_thing' }),
    ]
    for (const outcome of await Promise.all(calls)) expect(outcome.status).toMatch(/succeeded|failed|uncertain/)
    expect(await hostile.outcome('answer', { tool: 'make_thing' })).toMatchObject({ status: 'succeeded' })
  })

  test('every server crashes under load, and every call settles', async () => {
    const names = ['one', 'two', 'three']
    await using hostile = await openHostileGateway(Object.fromEntries(names.map((name) => [name, {}])), {
      circuitFailures: 1_000,
    })
    await hostile.gateway.start(names)
    const calls = Array.from({ length: 300 }, (_, n) =>
      hostile.outcome(n % 50 === 49 ? 'crash' : 'answer_slowly', {
        server: names[n % 3] ?? '',
        tool: n % 2 === 0 ? 'make_thing' : 'read_thing',
        args: { ms: n % 20 },
      }),
    )
    const outcomes = await Promise.all(calls)
    expect(outcomes.filter(({ status }) => status === 'succeeded').length).toBeGreaterThan(0)
    for (const outcome of outcomes) if (outcome.status !== 'succeeded') expect(outcome.failure.kind).toBe('unavailable')
    for (const name of names) {
      await until(`${name} is up again`, () => hostile.status(name).state === 'up')
      expect((await hostile.starts(name)).filter(isRunning)).toHaveLength(1)
    }
  })
})
