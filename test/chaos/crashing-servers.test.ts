import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { CredentialError } from '../../orchestrator/execute/credentials/resolve.ts'
import { ServersMisconfigured } from '../../orchestrator/execute/gateway.ts'
import { isRunning, openHostileGateway, until } from '../support/hostile-gateway.ts'

describe('a server that crashes', () => {
  test.each([
    ['make_thing', 'uncertain'],
    ['read_thing', 'failed'],
  ])('during a call of %s leaves it %s, and is back for the next', async (tool, status) => {
    await using hostile = await openHostileGateway()
    expect(await hostile.outcome('crash', { tool })).toMatchObject({
      status,
      failure: { kind: 'unavailable', message: `server.${tool} was not answered: server ended with exit code 3` },
    })
    expect(await hostile.outcome('answer', { tool })).toMatchObject({ status: 'succeeded' })
    expect(hostile.status()).toMatchObject({
      state: 'up',
      ends: 1,
      last_error: { message: 'server ended with exit code 3' },
    })
  })

  test('settles all that was in flight, as one failure of the server', async () => {
    await using hostile = await openHostileGateway()
    const inFlight = Array.from({ length: 20 }, () => hostile.outcome('hang', { tool: 'make_thing' }))
    await until('all calls are under way', () => hostile.gateway.status()[0]?.calls.in_flight === 20)
    await hostile.outcome('crash')
    for (const outcome of await Promise.all(inFlight))
      expect(outcome).toMatchObject({ status: 'uncertain', failure: { kind: 'unavailable' } })
    expect(hostile.status()).toMatchObject({ circuit: 'closed', ends: 1, calls: { in_flight: 0, queued: 0 } })
  })

  test('right after an answer does not take the answer back', async () => {
    await using hostile = await openHostileGateway()
    for (let time = 1; time <= 3; time++) {
      expect(await hostile.outcome('answer_and_crash', { tool: 'make_thing' })).toMatchObject({ status: 'succeeded' })
      await until('its end was noticed', () => hostile.status().ends === time)
    }
    expect(hostile.status().circuit).toBe('closed')
  })

  test('while nobody calls is started again before anybody does', async () => {
    await using hostile = await openHostileGateway()
    await hostile.gateway.start(['server'])
    const [pid = 0] = hostile.gateway.pids()
    process.kill(pid, 'SIGKILL')
    await until('the server was started again', async () => (await hostile.starts()).length === 2)
    await until('it is up', () => hostile.status().state === 'up')
    expect(hostile.gateway.pids()).not.toEqual([pid])
  })

  test('again and again, but answers in between, is not made to wait longer each time', async () => {
    await using hostile = await openHostileGateway(
      { server: {} },
      { restart: { firstMs: 50, longestMs: 60_000 }, restartWaitMs: 1_000 },
    )
    for (let time = 0; time < 8; time++) {
      expect(await hostile.outcome('answer')).toMatchObject({ status: 'succeeded' })
      expect(await hostile.outcome('crash')).toMatchObject({ status: 'failed' })
    }
  })

  test('leaves another server and its calls alone', async () => {
    await using hostile = await openHostileGateway({ server: {}, good: {} })
    const going = hostile.outcome('answer_slowly', { server: 'good', args: { ms: 500 } })
    for (let time = 0; time < 3; time++) await hostile.outcome('crash')
    expect(await going).toMatchObject({ status: 'succeeded' })
    expect(await hostile.starts('good')).toHaveLength(1)
  })
})

describe('a server that does not start', () => {
  test('does not keep the others from starting, and its calls are provably not sent', async () => {
    await using hostile = await openHostileGateway({ server: { start: 'exit' }, good: {} })
    await hostile.gateway.start(['server', 'good'])
    expect(await hostile.outcome('answer', { tool: 'make_thing' })).toMatchObject({
      status: 'failed',
      failure: {
        kind: 'unavailable',
        message: expect.stringMatching(
          /^server ended with exit code 2 before it was ready; server\.make_thing was not/,
        ),
        retry_after_ms: expect.any(Number),
      },
    })
    expect(await hostile.outcome('answer', { server: 'good' })).toMatchObject({ status: 'succeeded' })
  })

  test('is tried again until it does, with nobody asking', async () => {
    await using hostile = await openHostileGateway({ server: { start: 'exit_at_first:5' } })
    await hostile.gateway.start(['server'])
    await until('it is up', () => hostile.status().state === 'up')
    expect(await hostile.outcome('answer')).toMatchObject({ status: 'succeeded' })
  })

  test('is not started more often for a thousand calls than for one', async () => {
    await using hostile = await openHostileGateway(
      { server: { start: 'exit' } },
      { restart: { firstMs: 60_000, longestMs: 60_000 } },
    )
    const outcomes = await Promise.all(Array.from({ length: 1_000 }, () => hostile.outcome('answer')))
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({
        status: 'failed',
        failure: { kind: 'unavailable', retry_after_ms: expect.any(Number) },
      })
    // A process that dies of the newer handshake is started once more with the older one.
    expect((await hostile.starts()).length).toBeLessThanOrEqual(2)
    expect(hostile.status()).toMatchObject({ state: 'backing_off', retry_at: expect.any(String), ends: 1 })
  })

  test('because its program does not exist says so', async () => {
    await using hostile = await openHostileGateway({ server: { command: ['/nowhere/at/all'] } })
    expect(await hostile.outcome('answer')).toMatchObject({
      failure: {
        kind: 'unavailable',
        message: 'server could not be started (ENOENT); server.read_thing was not sent',
      },
    })
  })

  test('because a person has to mend its configuration is told at once, by name', async () => {
    await using hostile = await openHostileGateway({
      server: {},
      first: {
        misconfigured: new CredentialError('first', [
          { path: '/servers/first/credentials/KEY', message: 'nothing fills it' },
        ]),
      },
      second: {
        misconfigured: new CredentialError('second', [
          { path: '/servers/second/credentials/KEY', message: 'nothing fills it' },
        ]),
      },
    })
    const starting = hostile.gateway.start(['server', 'first', 'second'])
    await expect(starting).rejects.toThrow(ServersMisconfigured)
    await expect(starting).rejects.toThrow(
      /servers\/first\/credentials\/KEY nothing fills[^\n]*\n[^\n]*servers\/second\/credentials\/KEY nothing fills/,
    )
    expect(await hostile.outcome('answer', { server: 'first' })).toMatchObject({ failure: { kind: 'unauthorized' } })
    expect(await hostile.outcome('answer')).toMatchObject({ status: 'succeeded' })
  })
})

test('in a loop, a server is started after longer and longer pauses, one process at a time', async () => {
  await using hostile = await openHostileGateway(
    { server: { start: 'exit' } },
    { restart: { firstMs: 50, longestMs: 400 } },
  )
  await hostile.gateway.start(['server'])
  await until('it was started a few times', async () => (await hostile.starts()).length >= 6)
  const starts = await hostile.starts()
  expect(starts.slice(0, -2).filter(isRunning)).toEqual([])
  expect(hostile.status()).toMatchObject({ last_error: { message: expect.stringContaining('exit code 2') } })
})

test.runIf(process.platform === 'linux')(
  'without a descriptor left, no server starts, and nothing else happens',
  async () => {
    const script = join(import.meta.dirname, 'fixtures/out-of-descriptors.ts')
    const { stdout, stderr } = await promisify(execFile)('/bin/sh', [
      '-c',
      'ulimit -n 100; exec "$@"',
      'sh',
      process.execPath,
      script,
    ])
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toMatchObject([
      { status: 'failed', failure: { kind: 'unavailable', message: expect.stringContaining('(EMFILE)') } },
      { status: 'succeeded' },
    ])
  },
)
