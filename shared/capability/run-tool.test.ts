import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { fixtureEnvironment, server } from '../../test/support/fixture-server.ts'
import { CapabilityError, UncertainError } from '../failure.ts'
import { runTool, type ToolRequest } from './run-tool.ts'
import { openSession, type Session } from './session.ts'

const find = (name: string) => {
  const tool = server.tools.find((tool) => tool.name === name)
  if (tool === undefined) throw new Error(`the fixture has no ${name}`)
  return tool
}

const request = (args: unknown, changes: Partial<ToolRequest> = {}): ToolRequest & { defects: string[] } => {
  const defects: string[] = []
  return {
    arguments: args,
    signal: new AbortController().signal,
    progress: () => undefined,
    onDefect: (what) => defects.push(what),
    defects,
    ...changes,
  }
}

const envelope = (deadline: number) => ({
  run_id: 'r',
  call_id: 'c',
  idempotency_key: 'key-1',
  deadline: new Date(Date.now() + deadline).toISOString(),
})

const opened: Session[] = []
const session = (url = fixtureEnvironment.FIXTURE_URL) => {
  const made = openSession(server, { ...fixtureEnvironment, FIXTURE_URL: url }, '/nowhere')
  opened.push(made)
  return made
}
afterEach(() => Promise.all(opened.splice(0).map((made) => made.close())))

const create = find('create_thing')
const read = find('find_thing')

describe('runTool', () => {
  it('hands the tool the key and ids of the envelope', async () => {
    const outcome = await runTool(create, session(), request({ name: 'ab' }, { envelope: envelope(5_000) }))
    expect(outcome).toMatchObject({ status: 'succeeded', output: { key: 'key-1', call: 'c' } })
  })

  it('gives a call without an envelope a key of its own and the id standalone', async () => {
    const first = await runTool(create, session(), request({ name: 'ab' }))
    const second = await runTool(create, session(), request({ name: 'ab' }))
    expect(first).toMatchObject({ status: 'succeeded', output: { call: 'standalone' } })
    const key = (outcome: unknown) => (outcome as { output: { key: string } }).output.key
    expect(key(first)).toMatch(/^[0-9a-f-]{36}$/)
    expect(key(first)).not.toBe(key(second))
  })

  it('names every fault of the arguments by its path and runs nothing', async () => {
    const open = session()
    const outcome = await runTool(create, open, request({ name: 'a', parts: [{ size: 1 }, { size: 0 }], extra: 1 }))
    expect(outcome).toMatchObject({ status: 'failed', failure: { kind: 'invalid_input' } })
    const issues = outcome.status === 'failed' ? outcome.failure.issues?.map(({ path }) => path) : []
    expect(issues).toEqual(['/name', '/parts/1/size', '/extra'])
    expect(await open.client()).toMatchObject({ created: [] })
  })

  it('passes on what the tool knows of its failure', async () => {
    expect(await runTool(create, session(), request({ name: 'ab', ending: 'decline' }))).toEqual({
      status: 'failed',
      failure: {
        kind: 'declined',
        message: 'The vendor said no.',
        vendor_code: 'nope',
        retry_after_ms: 5,
        done: ['a'],
      },
    })
  })

  it('says uncertain where the tool cannot know', async () => {
    const outcome = await runTool(create, session(), request({ name: 'ab', ending: 'lose' }))
    expect(outcome).toEqual({ status: 'uncertain', failure: { kind: 'unavailable', message: 'The reply was lost.' } })
  })

  it('tells nothing of an unforeseen error, and counts only a read as surely not performed', async () => {
    const asked = request({ name: 'ab', ending: 'throw' })
    const created = await runTool(create, session(), asked)
    const looked = await runTool(read, session(), request({ name: 'throw' }))
    expect(created).toMatchObject({ status: 'uncertain', failure: { kind: 'internal' } })
    expect(looked).toMatchObject({ status: 'failed', failure: { kind: 'internal' } })
    expect(JSON.stringify([created, looked])).not.toContain('internals')
    expect(asked.defects).toEqual(['create_thing threw'])
  })

  it('treats an output that breaks its schema as a defect after the effect', async () => {
    const outcome = await runTool(create, session(), request({ name: 'ab', ending: 'wrong_output' }))
    expect(outcome).toMatchObject({ status: 'uncertain', failure: { kind: 'internal' } })
    expect(outcome.status === 'uncertain' && outcome.failure.message).toContain('/thing_id')
  })

  it('does not run a call whose deadline has passed', async () => {
    const open = session()
    const outcome = await runTool(create, open, request({ name: 'ab' }, { envelope: envelope(-1) }))
    expect(outcome).toMatchObject({ status: 'failed', failure: { kind: 'unavailable' } })
    expect(await open.client()).toMatchObject({ created: [] })
  })

  it('answers at the deadline even where the tool hangs, and aborts its signal', async () => {
    const open = session()
    const started = Date.now()
    const hang = request({ name: 'ab', ending: 'hang' }, { envelope: envelope(100) })
    expect(await runTool(create, open, hang)).toMatchObject({
      status: 'uncertain',
      failure: { kind: 'unavailable', message: 'create_thing was not finished: the deadline passed' },
    })
    expect(Date.now() - started).toBeLessThan(2_000)
    expect(await open.client()).toMatchObject({ aborted: ['ab'] })
    const slow = request({ name: 'ab', slow: true }, { envelope: envelope(50) })
    expect(await runTool(read, open, slow)).toMatchObject({ status: 'failed', failure: { kind: 'unavailable' } })
  })

  it('gives no call more time than its tool may take, whatever deadline the caller names', async () => {
    const hang = request({ name: 'ab', ending: 'hang' }, { envelope: envelope(3_600_000) })
    expect(await runTool({ ...create, timeoutMs: 50 }, session(), hang)).toMatchObject({
      failure: { message: 'create_thing was not finished: the deadline passed' },
    })
  })

  it('says uncertain when the caller cancels an effect', async () => {
    const caller = new AbortController()
    const running = runTool(create, session(), request({ name: 'ab', ending: 'hang' }, { signal: caller.signal }))
    await sleep(20)
    caller.abort()
    expect(await running).toMatchObject({
      status: 'uncertain',
      failure: { message: 'create_thing was not finished: the caller cancelled' },
    })
  })

  it('reports a vendor that cannot be reached as not performed, and tries again on the next call', async () => {
    const asked = request({ name: 'ab' })
    const refused = session('http://refused/')
    const outcome = await runTool(create, refused, asked)
    expect(outcome).toMatchObject({ status: 'failed', failure: { kind: 'unavailable' } })
    expect(JSON.stringify(outcome)).not.toContain(fixtureEnvironment.FIXTURE_TOKEN)
    expect(asked.defects).toEqual(['could not connect'])
    await runTool(create, refused, asked)
    expect(asked.defects).toHaveLength(2)
  })

  it('keeps the kind of a failure that connecting itself reports, except that nothing can be uncertain yet', async () => {
    const failing = (error: Error) => ({
      dataFolder: '/nowhere',
      client: () => Promise.reject(error),
      close: async () => {},
    })
    const unauthorized = failing(new CapabilityError('unauthorized', 'The token was refused.'))
    expect(await runTool(create, unauthorized, request({ name: 'ab' }))).toMatchObject({
      failure: { kind: 'unauthorized' },
    })
    const lost = failing(new UncertainError('lost'))
    expect(await runTool(create, lost, request({ name: 'ab' }))).toMatchObject({ status: 'failed' })
  })

  it('survives a schema whose own check throws', async () => {
    const input = read.input.refine(() => {
      throw new Error('internals')
    })
    const outcome = await runTool({ ...read, input }, session(), request({ name: 'ab' }))
    expect(outcome).toMatchObject({ status: 'failed', failure: { kind: 'internal' } })
    expect(JSON.stringify(outcome)).not.toContain('internals')
  })

  it('reports progress while the call runs', async () => {
    const told: unknown[] = []
    const progress: ToolRequest['progress'] = (...step) => told.push(step)
    await runTool(create, session(), request({ name: 'ab', parts: [{ size: 1 }, { size: 2 }] }, { progress }))
    expect(told).toEqual([
      [1, 2, 'part 1'],
      [2, 2, 'part 2'],
    ])
  })
})
