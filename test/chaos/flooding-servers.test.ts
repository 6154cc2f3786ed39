import { statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { jailSchema } from '../../shared/manifest.ts'
import { openHostileGateway, until } from '../support/hostile-gateway.ts'

describe('an output that is too large', () => {
  test.each(['answer_big', 'fail_big'])('fails its call (%s), and no other', async (what) => {
    await using hostile = await openHostileGateway({ server: {} }, { resultBytes: 10_000 })
    const beside = hostile.outcome('answer_slowly', { args: { ms: 100 } })
    expect(await hostile.outcome(what, { tool: 'make_thing', args: { bytes: 10_000 } })).toMatchObject({
      status: 'uncertain',
      failure: { kind: 'internal', message: expect.stringContaining('more than the 10000 that are taken') },
    })
    expect(await beside).toMatchObject({ status: 'succeeded' })
    expect(await hostile.outcome('answer_big', { args: { bytes: 9_000 } })).toMatchObject({ status: 'succeeded' })
  })

  test('is one larger than its manifest grants', async () => {
    const jail = jailSchema.parse({ output_mb: 0.01 })
    await using hostile = await openHostileGateway({ server: { manifest: { jail } } })
    expect(await hostile.outcome('answer_big', { args: { bytes: 9_000 } })).toMatchObject({ status: 'succeeded' })
    expect(await hostile.outcome('answer_big', { args: { bytes: 20_000 } })).toMatchObject({ status: 'failed' })
  })

  test.each(['answer_with_id_first', 'answer_with_id_last'])(
    'on a line too long to read fails its call (%s), and no other',
    async (what) => {
      await using hostile = await openHostileGateway({ server: {} }, { lineBytes: 100_000 })
      const beside = hostile.outcome('answer_slowly', { args: { ms: 100 } })
      expect(await hostile.outcome(what, { args: { bytes: 300_000 } })).toMatchObject({
        status: 'failed',
        failure: { kind: 'internal', message: expect.stringMatching(/cannot be used: it has 3\d{5} bytes/) },
      })
      expect(await beside).toMatchObject({ status: 'succeeded' })
      expect(await hostile.starts()).toHaveLength(1)
    },
  )

  test('on a line without an end costs the server its process', async () => {
    await using hostile = await openHostileGateway({ server: {} }, { lineBytes: 100_000 })
    expect(await hostile.outcome('never_end_the_line', { args: { bytes: 50_000, count: 20 } })).toMatchObject({
      status: 'failed',
      failure: { message: 'server.read_thing was not answered: server wrote a line without an end' },
    })
    expect(await hostile.outcome('answer')).toMatchObject({ status: 'succeeded' })
  })
})

describe('a flood', () => {
  test('of progress reaches the watcher as a trickle that ends with the last word', async () => {
    await using hostile = await openHostileGateway()
    const seen: number[] = []
    const outcome = await hostile.outcome('flood_progress', {
      args: { count: 2_000 },
      onProgress: ({ done }) => seen.push(done),
    })
    expect(outcome).toMatchObject({ status: 'succeeded' })
    expect(seen.length).toBeLessThan(200)
    expect(seen.toSorted((a, b) => a - b)).toEqual(seen)
  })

  test('of messages, requests and changes holds up other servers not at all, and is over when it is over', async () => {
    await using hostile = await openHostileGateway({ server: {}, good: {} })
    const floods = [
      hostile.outcome('flood_log', { args: { count: 2_000, bytes: 1_000 } }),
      hostile.outcome('flood_changes', { args: { count: 2_000 } }),
    ]
    for (let call = 0; call < 50; call++)
      expect(await hostile.outcome('answer', { server: 'good' })).toMatchObject({ status: 'succeeded' })
    for (const outcome of await Promise.all(floods)) expect(outcome).toMatchObject({ status: 'succeeded' })
    expect(await hostile.outcome('answer')).toMatchObject({ status: 'succeeded' })
    const { lists } = await hostile.output('count')
    expect(lists).toBeLessThan(20)
  })

  test('of requests that the server does not wait for fills no memory and costs it its process', async () => {
    await using hostile = await openHostileGateway({ server: {} }, { faults: 100 })
    expect(await hostile.outcome('flood_requests', { args: { count: 20_000 } })).toMatchObject({ status: 'failed' })
    expect(hostile.status().last_error?.message).toBe('server broke the protocol again and again')
  })

  test('on stderr fills no disk, and the call beside it goes through', async () => {
    await using hostile = await openHostileGateway()
    expect(await hostile.outcome('flood_stderr', { args: { count: 4_000 } })).toMatchObject({ status: 'succeeded' })
    const file = join(hostile.folder, 'server.log')
    await until('its log was written', () => statSync(file, { throwIfNoEntry: false })?.size !== undefined)
    expect(statSync(file).size).toBeLessThan(8_388_608)
  })
})
