import { Client, InMemoryTransport } from '@modelcontextprotocol/client'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { describe, expect, test } from 'vitest'
import { metaKeys, outcomeMetaSchema } from '../../shared/capability/call-meta.ts'
import { modernRevision } from '../../shared/capability/testing.ts'
import type { CallOutcome } from '../model/call.ts'
import { createSealer, sealKeyBytes } from '../model/seal.ts'
import { workshop } from './fixtures/workshop-tools.ts'
import { type FrontCall, type FrontOptions, front } from './front.ts'

const server = { ...workshop('workshop', ['node']), instructions: 'Measure first.' }

/** A host in front of a server whose calls `act` answers. */
async function connect(
  era: 'modern' | 'legacy',
  act: (call: FrontCall) => CallOutcome | Promise<CallOutcome>,
  more: Partial<FrontOptions> = {},
) {
  const calls: FrontCall[] = []
  const [near, far] = InMemoryTransport.createLinkedPair()
  const build = front({
    server,
    recorded: true,
    async call(call) {
      calls.push(call)
      return { outcome: await act(call), run_id: 'run-1' }
    },
    ...more,
  })
  const served = serveStdio(build, { transport: far })
  const mode = era === 'legacy' ? 'legacy' : { pin: modernRevision }
  const client = new Client({ name: 'some-host', version: '1' }, { versionNegotiation: { mode } })
  await client.connect(near)
  return {
    client,
    calls,
    async [Symbol.asyncDispose]() {
      await client.close()
      await served.close()
    },
  }
}

describe.each(['modern', 'legacy'] as const)('a %s host', (era) => {
  test('hands on its name and exactly its arguments, and gets the output with the run that it was', async () => {
    await using host = await connect(era, () => ({ status: 'succeeded', output: { length: 3 } }))
    const result = await host.client.callTool({ name: 'echo', arguments: { text: 'hi', deep: [{ $ref: 'x' }] } })
    expect(host.calls).toMatchObject([
      { tool: 'echo', host: 'some-host', arguments: { text: 'hi', deep: [{ $ref: 'x' }] } },
    ])
    expect(result).toMatchObject({
      structuredContent: { length: 3 },
      content: [{ type: 'text', text: '{"length":3}' }],
      _meta: { [metaKeys.record]: { recorded: true, run_id: 'run-1' } },
    })
  })

  test('gets the content of a tool that promises no structure, as its server gave it', async () => {
    const content = [{ type: 'text', text: 'It is 3 cm long.' }]
    await using host = await connect(era, () => ({ status: 'succeeded', output: { content } }))
    const result = await host.client.callTool({ name: 'say_text', arguments: {} })
    expect(result.content).toEqual(content)
    expect(result.structuredContent).toBeUndefined()
  })

  test('hears of progress', async () => {
    const heard: object[] = []
    await using host = await connect(era, ({ onProgress }) => {
      onProgress({ done: 1, total: 2, message: 'half' })
      return { status: 'succeeded', output: {} }
    })
    await host.client.callTool({ name: 'count_up', arguments: {} }, { onprogress: (told) => heard.push(told) })
    expect(heard).toEqual([{ progress: 1, total: 2, message: 'half' }])
  })

  test('cancels a call', async () => {
    const begun = Promise.withResolvers<void>()
    const cancelled = Promise.withResolvers<CallOutcome>()
    await using host = await connect(era, ({ signal }) => {
      signal.addEventListener('abort', () => cancelled.resolve({ status: 'succeeded', output: {} }))
      begun.resolve()
      return cancelled.promise
    })
    const cancel = new AbortController()
    const call = host.client.callTool({ name: 'hang', arguments: {} }, { signal: cancel.signal })
    await begun.promise
    cancel.abort()
    await expect(call).rejects.toThrow()
    await cancelled.promise
  })

  test('hears of a failure in words, and by its kind', async () => {
    const failure = { kind: 'declined' as const, message: 'No such tape.' }
    await using host = await connect(era, () => ({ status: 'failed', failure }))
    const { isError, content, _meta } = await host.client.callTool({ name: 'refuse', arguments: {} })
    expect(isError).toBe(true)
    expect(content).toEqual([{ type: 'text', text: 'No such tape.' }])
    expect(outcomeMetaSchema.parse(_meta?.[metaKeys.outcome])).toEqual({ status: 'failed', failure })
  })

  test('is shown no sealed value', async () => {
    const sealed = createSealer('run-1', new Uint8Array(sealKeyBytes)).seal('hunter2', '/password')
    await using host = await connect(era, () => ({ status: 'succeeded', output: { password: { ...sealed } } }))
    const result = await host.client.callTool({ name: 'make_secret', arguments: {} })
    expect(result.structuredContent).toEqual({ password: '[sealed]' })
  })

  test('reads a notice before the instructions', async () => {
    await using host = await connect(era, () => ({ status: 'succeeded', output: {} }), {
      recorded: false,
      notice: 'unrecorded: nobody keeps this.',
    })
    expect(host.client.getInstructions()).toBe('unrecorded: nobody keeps this.\n\nMeasure first.')
    const { _meta } = await host.client.callTool({ name: 'echo', arguments: {} })
    expect(_meta?.[metaKeys.record]).toEqual({ recorded: false })
  })
})
