import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type HostileGateway, openHostileGateway, until } from '../support/hostile-gateway.ts'

describe.each([
  ['2025', false],
  ['2026', true],
])('a server of %s that breaks the protocol', (_, modern) => {
  let hostile: HostileGateway
  // One process bears it all.
  beforeAll(async () => {
    hostile = await openHostileGateway({ server: { modern, start: 'babble' } }, { circuitFailures: 1_000 })
  })
  afterAll(async () => {
    expect(await hostile.outcome('answer')).toMatchObject({ status: 'succeeded' })
    expect(await hostile.starts()).toHaveLength(1)
    await hostile[Symbol.asyncDispose]()
  })

  test('by noise at its start and between messages is understood all the same', async () => {
    await hostile.gateway.start(['server'])
    const before = hostile.status().protocol_faults
    expect(await hostile.outcome('babble', { tool: 'make_thing' })).toMatchObject({ status: 'succeeded' })
    expect([before, hostile.status().protocol_faults]).toEqual([6, 13])
    expect(JSON.stringify(hostile.log)).toContain('a line that is no JSON')
  })

  test('by answers under other ids is heard only where it answers what was asked', async () => {
    expect(await hostile.output('answer_other_ids')).toMatchObject({ right: true })
    expect(await hostile.output('answer_other_ids', { tool: 'make_thing' })).toMatchObject({ right: true })
  })

  test('by an answer to something else than was asked costs that call its time', async () => {
    expect(await hostile.outcome('answer_only_others', { tool: 'make_thing', within: 200 })).toMatchObject({
      status: 'uncertain',
      failure: { kind: 'unavailable' },
    })
  })

  test('by answering twice is heard once', async () => {
    const together = await Promise.all([
      hostile.output('answer_twice'),
      hostile.output('answer', { args: { mine: 1 } }),
    ])
    expect(together).toEqual([
      { ok: true, first: true },
      { ok: true, mine: 1 },
    ])
  })

  test.each(['answer_without_result', 'answer_with_text', 'answer_with_odd_content', 'ask_for_input'])(
    'by an answer of another form (%s) fails that call at once',
    async (what) => {
      expect(await hostile.outcome(what)).toMatchObject({ status: 'failed', failure: { kind: 'internal' } })
      expect(await hostile.outcome(what, { tool: 'make_thing' })).toMatchObject({
        status: 'uncertain',
        failure: { kind: 'internal' },
      })
    },
  )

  test('by an output that breaks its schema fails that call', async () => {
    expect(await hostile.outcome('break_schema', { tool: 'make_thing' })).toMatchObject({
      status: 'uncertain',
      failure: { kind: 'internal', message: 'the output of server.make_thing breaks its schema: /ok must be boolean' },
    })
  })

  test.each([
    ['answer_deep', { depth: 100_000 }, 'is nested more than 100 levels deep'],
    ['answer_infinity', {}, 'holds a number that JSON cannot hold'],
  ])('by values that nothing can work on (%s) fails that call', async (what, args, why) => {
    expect(await hostile.outcome(what, { args, tool: 'make_thing' })).toMatchObject({
      status: 'uncertain',
      failure: { kind: 'internal', message: expect.stringContaining(why) },
    })
  })

  test('by writing byte for byte is understood', async () => {
    expect(await hostile.output('answer_in_bytes')).toMatchObject({ text: 'Zoë ✓ 🎈' })
  })
})

test('a stray line on stdout is found in the log of the server, and never in a message', async () => {
  await using hostile = await openHostileGateway()
  const outcome = await hostile.outcome('babble')
  await until('it was written', async () => (await hostile.stderr()).includes('[stdout] listening on 3000'))
  expect(JSON.stringify([outcome, hostile.log])).not.toContain('listening on 3000')
})

test('a server that breaks the protocol again and again is replaced', async () => {
  await using hostile = await openHostileGateway({ server: {} }, { faults: 100 })
  expect(await hostile.outcome('babble_on', { tool: 'make_thing', args: { count: 101 } })).toMatchObject({
    status: 'uncertain',
    failure: { message: 'server.make_thing was not answered: server broke the protocol again and again' },
  })
  expect(await hostile.outcome('answer')).toMatchObject({ status: 'succeeded' })
  expect(await hostile.starts()).toHaveLength(2)
  expect(hostile.log.length).toBeLessThan(10)
})
