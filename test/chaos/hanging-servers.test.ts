import { expect, test } from 'vitest'
import { isRunning, openHostileGateway, until } from '../support/hostile-gateway.ts'

const lateReply = /did not answer before its deadline/

test.each([
  ['make_thing', 'uncertain'],
  ['read_thing', 'failed'],
])('a call of %s that hangs is %s at its deadline, and the server that still answers is kept', async (tool, status) => {
  await using hostile = await openHostileGateway()
  const before = await hostile.output('tell_pid')
  expect(await hostile.outcome('hang', { tool, within: 300 })).toMatchObject({
    status,
    failure: { kind: 'unavailable', message: expect.stringMatching(lateReply) },
  })
  // The look at a suspected process is over once the server was asked for its tools again.
  await until('the server was looked at', async () => Number((await hostile.output('count')).lists) > 1)
  expect(await hostile.output('tell_pid')).toEqual(before)
  expect(await hostile.output('count')).toMatchObject({ cancelled: 1 })
})

test.each(['wedge', 'stop', 'close_stdin', 'close_stdout'])(
  'a server that does not answer anything any more (%s) is replaced',
  async (what) => {
    await using hostile = await openHostileGateway()
    await hostile.gateway.start(['server'])
    const { status, failure } = (await hostile.outcome(what, { tool: 'make_thing', within: 300 })) as never
    expect({ status, failure }).toMatchObject({ status: 'uncertain', failure: { kind: 'unavailable' } })
    await until('the server was started again', async () => (await hostile.starts()).length === 2)
    expect(await hostile.outcome('answer')).toMatchObject({ status: 'succeeded' })
    const [first = 0] = await hostile.starts()
    expect(isRunning(first)).toBe(false)
    expect(hostile.status()).toMatchObject({ state: 'up', ends: 1, circuit: 'closed' })
  },
)

test('a server that closes its stdout cannot answer any more, so its calls do not wait for their deadline', async () => {
  await using hostile = await openHostileGateway()
  const waiting = hostile.outcome('hang', { tool: 'make_thing' })
  expect(await hostile.outcome('close_stdout')).toMatchObject({ status: 'failed' })
  expect(await waiting).toMatchObject({
    status: 'uncertain',
    failure: { message: 'server.make_thing was not answered: server closed its stdout' },
  })
})

test('a server that reads no more is replaced when a call runs out of time', async () => {
  await using hostile = await openHostileGateway()
  await hostile.outcome('stop_reading')
  expect(await hostile.outcome('answer', { tool: 'make_thing', within: 500 })).toMatchObject({ status: 'uncertain' })
  await until('the server was started again', async () => (await hostile.starts()).length === 2)
  expect(await hostile.outcome('answer')).toMatchObject({ status: 'succeeded' })
})

test('calls beside one that hangs go on', async () => {
  await using hostile = await openHostileGateway()
  const hanging = hostile.outcome('hang', { within: 2_000 })
  for (let call = 0; call < 20; call++) expect(await hostile.outcome('answer')).toMatchObject({ status: 'succeeded' })
  expect(await hanging).toMatchObject({ status: 'failed' })
})

test('a server that never gets ready costs a call its own patience and no more, and no other server anything', async () => {
  await using hostile = await openHostileGateway(
    { server: { start: 'say_nothing' }, good: {} },
    { probeMs: 500, handshakeMs: 500 },
  )
  const early = await hostile.outcome('answer', { tool: 'make_thing', within: 200 })
  expect(early).toMatchObject({
    status: 'failed',
    failure: { kind: 'unavailable', message: 'the deadline of server.make_thing passed before anything was sent' },
  })
  expect(await hostile.outcome('answer', { server: 'good' })).toMatchObject({ status: 'succeeded' })
  expect(await hostile.outcome('answer', { tool: 'make_thing' })).toMatchObject({
    status: 'failed',
    failure: {
      kind: 'unavailable',
      message: 'server did not complete the handshake; server.make_thing was not sent',
      retry_after_ms: expect.any(Number),
    },
  })
})

test('a list of tools that has no end is given up', async () => {
  await using hostile = await openHostileGateway({ server: { start: 'endless_list' } })
  expect(await hostile.outcome('answer')).toMatchObject({ status: 'failed', failure: { kind: 'unavailable' } })
  expect(JSON.stringify(hostile.log)).toContain('did not complete the handshake')
})
