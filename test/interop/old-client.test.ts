import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { afterAll, beforeAll, expect, vi } from 'vitest'
import { openKitDoor } from '../conformance/kit-door.ts'
import { root } from '../support/remit-command.ts'
import { type NodeProcess, spawnNode } from '../support/spawn-node.ts'
import { type HostPlace, openHostPlace } from './support/run-host.ts'
import { tryOut } from './support/try-out.ts'

const script = 'test/interop/fixtures/host-main.ts'
let place: HostPlace
let http: NodeProcess
let url: URL

beforeAll(async () => {
  place = await openHostPlace()
  http = spawnNode(script, ['--http', '--sessions'], place.serverEnvironment)
  const said = await http.until(/listens on \S+\n/, 'stderr')
  url = new URL(/listens on (\S+)/.exec(said)?.[1] ?? '')
})
afterAll(async () => {
  http.child.kill('SIGTERM')
  await http.exited
  await place[Symbol.asyncDispose]()
})

const stdio = (main: string) =>
  new StdioClientTransport({
    command: process.execPath,
    args: [main],
    cwd: root,
    env: place.serverEnvironment,
    stderr: 'ignore',
  })

/** A client of the 2025 SDK whose user accepts every form with this. */
async function withClient<Result>(
  transport: Transport,
  work: (client: Client) => Promise<Result>,
  content: Record<string, string> = {},
): Promise<Result> {
  const client = new Client({ name: 'old', version: '1' }, { capabilities: { elicitation: {} } })
  client.setRequestHandler(ElicitRequestSchema, async () => ({ action: 'accept', content }))
  await client.connect(transport)
  try {
    return await work(client)
  } finally {
    await client.close()
  }
}

const names = ['add_numbers', 'count_up', 'refuse_everything', 'wait_long']

/** What both transports have in common. */
const deedsOver = (open: () => Transport) => ({
  list: () =>
    withClient(open(), async (client) => {
      expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(names)
    }),
  call: () =>
    withClient(open(), async (client) => {
      const result = await client.callTool({ name: 'add_numbers', arguments: { a: 2, b: 3 } })
      expect(result.structuredContent).toEqual({ sum: 5 })
    }),
  error: () =>
    withClient(open(), async (client) => {
      const refused = await client.callTool({ name: 'refuse_everything', arguments: {} })
      expect(refused).toMatchObject({ isError: true, content: [{ text: 'This is always refused.' }] })
      const wrong = await client.callTool({ name: 'add_numbers', arguments: { a: 'two', b: 3 } })
      expect(wrong).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('/a: ') }] })
      await expect(client.callTool({ name: 'no_such_tool', arguments: {} })).rejects.toThrow('-32602')
    }),
  progress: () =>
    withClient(open(), async (client) => {
      const told: number[] = []
      const onprogress = ({ progress }: { progress: number }) => told.push(progress)
      await client.callTool({ name: 'count_up', arguments: { to: 3 } }, undefined, { onprogress })
      expect(told).toEqual([1, 2, 3])
    }),
  cancel: () =>
    withClient(open(), async (client) => {
      const before = place.waits().length
      const cancel = new AbortController()
      const call = client.callTool({ name: 'wait_long', arguments: {} }, undefined, { signal: cancel.signal })
      const ended = expect(call).rejects.toThrow()
      await vi.waitFor(() => expect(place.waits().slice(before)).toEqual(['started']), { timeout: 20_000 })
      cancel.abort()
      await ended
      await vi.waitFor(() => expect(place.waits().slice(before)).toEqual(['started', 'cancelled']), { timeout: 20_000 })
    }),
})

tryOut('oldClient', {
  ...deedsOver(() => stdio(script)),
  elicitation: () =>
    withClient(
      stdio('test/interop/fixtures/asking-main.ts'),
      async (client) => {
        const called = await client.callTool({ name: 'call_tool', arguments: { tool: 'billing.create_customer' } })
        expect(called.structuredContent).toMatchObject({ output: { customer_id: 'cus_1' } })
      },
      { choice: 'approve' },
    ),
})

tryOut('oldHttpClient', {
  ...deedsOver(() => new StreamableHTTPClientTransport(url) as Transport),
  async elicitation() {
    const door = await openKitDoor(() => {})
    try {
      await withClient(
        new StreamableHTTPClientTransport(new URL(door.url)) as Transport,
        async (client) => {
          const asked = await client.callTool({ name: 'test_elicitation', arguments: { message: 'Well?' } })
          expect(asked.content).toMatchObject([{ text: 'action=accept, content={"response":"Well."}' }])
        },
        { response: 'Well.' },
      )
    } finally {
      await door.close()
    }
  },
})
