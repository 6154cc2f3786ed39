import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport as OldStdioTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { metaKeys, outcomeMetaSchema } from '../../shared/capability/call-meta.ts'
import { manifestOf } from '../../shared/capability/manifest-of.ts'
import { modernRevision } from '../../shared/capability/testing.ts'
import type { JsonObject } from '../../shared/json.ts'
import { type FingerprintedTool, fingerprint } from '../../shared/manifest.ts'
import { contractServers } from '../support/contract-servers.ts'
import { type NodeProcess, spawnNode } from '../support/spawn-node.ts'

// Each test starts a process or two, on machines that are busy with other tests.
vi.setConfig({ testTimeout: 30_000 })

const cwd = fileURLToPath(new URL('../..', import.meta.url))
const info = { name: 'contract', version: '0' }
let data: string
beforeAll(() => {
  data = mkdtempSync(join(tmpdir(), 'remit-contract-'))
})
afterAll(() => rmSync(data, { recursive: true, force: true }))

const printsOf = (tools: unknown[]) =>
  Object.fromEntries((tools as FingerprintedTool[]).map((tool) => [tool.name, fingerprint(tool)]))

describe.each(await contractServers())('$name over stdio', ({ server, script, environment }) => {
  const manifest = manifestOf(server)
  const expected = Object.fromEntries(manifest.tools.map(({ name, fingerprint }) => [name, fingerprint]))
  const names = manifest.tools.map(({ name }) => name)
  const env = () => ({ ...environment, REMIT_LAUNCHED: '1', REMIT_SERVER_DATA: join(data, server.name) })
  const parameters = () => ({ command: process.execPath, args: [script], cwd, env: env(), stderr: 'ignore' as const })

  it.each([
    ['modern', { pin: modernRevision }],
    ['legacy', 'legacy'],
  ] as const)('shows a %s client the tools of the manifest, in order', async (era, mode) => {
    const client = new Client(info, { versionNegotiation: { mode } })
    await client.connect(new StdioClientTransport(parameters()))
    try {
      const { tools } = await client.listTools()
      expect(tools.map(({ name }) => name)).toEqual(names)
      expect(printsOf(tools)).toEqual(expected)
      for (const tool of manifest.tools) {
        const told = tools.find(({ name }) => name === tool.name)?._meta?.[metaKeys.tool]
        expect(told).toMatchObject({ effect: tool.effect, marks: tool.marks, timeout_ms: tool.timeout_ms })
      }
      expect(client.getServerVersion()).toMatchObject({ name: server.name, version: server.version })
      expect(client.getInstructions()).toBe(server.instructions)
      expect(client.getNegotiatedProtocolVersion() === modernRevision).toBe(era === 'modern')
    } finally {
      await client.close()
    }
  })

  it('shows a client of the 2025 SDK the same tools', async () => {
    const client = new OldClient(info)
    await client.connect(new OldStdioTransport(parameters()))
    try {
      const { tools } = await client.listTools()
      expect(tools.map(({ name }) => name)).toEqual(names)
      expect(printsOf(tools)).toEqual(expected)
    } finally {
      await client.close()
    }
  })

  it('names the place of every bad argument, without a vendor, prints nothing but protocol, and ends with its stdin', async () => {
    await using run = spawnNode(script, [], env())
    const send = await greet(run)
    for (const name of names) {
      send({ id: name, method: 'tools/call', params: { name, arguments: { 'no/such': 1 } } })
    }
    await Promise.all(names.map((name) => run.until(new RegExp(`"id":"${name}"`), 'stdout')))
    run.child.stdin.end()
    expect(await run.exited).toBe(0)

    const messages = run.stdout().trim().split('\n').map(parseLine)
    for (const message of messages) expect(message).toMatchObject({ jsonrpc: '2.0' })
    for (const name of names) {
      const { result } = messages.find(({ id }) => id === name) as { result: { isError: boolean; _meta: JsonObject } }
      const { status, failure } = outcomeMetaSchema.parse(result._meta[metaKeys.outcome])
      expect([result.isError, status, failure.kind]).toEqual([true, 'failed', 'invalid_input'])
      expect(failure.issues?.map(({ path }) => path)).toContain('/no~1such')
    }
  })

  it.skipIf(Object.keys(environment).length === 0)('names each variable that it misses and exits with 2', async () => {
    await using run = spawnNode(script, [], { REMIT_SERVER_DATA: join(data, server.name) })
    expect(await run.exited).toBe(2)
    for (const variable of Object.keys(environment)) expect(run.stderr()).toContain(`${variable}: is not set`)
    expect(run.stdout()).toBe('')
  })
})

/** Opens with the 2025 handshake, and gives what sends further messages. */
async function greet(run: NodeProcess): Promise<(message: JsonObject) => void> {
  const send = (message: JsonObject): void => {
    run.child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  }
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: info }
  send({ id: 'hello', method: 'initialize', params })
  await run.until(/"id":"hello"/, 'stdout')
  send({ method: 'notifications/initialized' })
  return send
}

function parseLine(line: string): JsonObject {
  return JSON.parse(line) as JsonObject
}
