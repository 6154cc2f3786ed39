import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, StreamableHTTPClientTransport, type Transport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { metaKeys, outcomeMetaSchema } from '../../../shared/capability/call-meta.ts'
import { manifestOf } from '../../../shared/capability/manifest-of.ts'
import { modernRevision } from '../../../shared/capability/testing.ts'
import type { JsonObject } from '../../../shared/json.ts'
import { type FingerprintedTool, fingerprint } from '../../../shared/manifest.ts'
import { type NodeProcess, spawnNode } from '../../support/spawn-node.ts'
import type { Subject } from './subjects.ts'

const info = { name: 'contract', version: '0' }
type Era = ['modern' | 'legacy', 'legacy' | { pin: string }]
const eras: Era[] = [
  ['modern', { pin: modernRevision }],
  ['legacy', 'legacy'],
]

/** What a server's process tells, to clients of both eras over both transports, where no vendor answers and nobody gave it credentials. */
export function describeProcess({ server, cwd, script, environment }: Subject): void {
  const manifest = manifestOf(server)
  const names = manifest.tools.map(({ name }) => name)
  const prints = Object.fromEntries(manifest.tools.map(({ name, fingerprint }) => [name, fingerprint]))
  let data: string
  beforeAll(() => {
    data = mkdtempSync(join(tmpdir(), 'remit-contract-'))
  })
  afterAll(() => rmSync(data, { recursive: true, force: true }))
  const env = () => ({ ...environment, REMIT_LAUNCHED: '1', REMIT_SERVER_DATA: data })

  async function expectTools(transport: Transport, [era, mode]: Era): Promise<void> {
    const client = new Client(info, { versionNegotiation: { mode } })
    await client.connect(transport)
    try {
      const { tools } = await client.listTools()
      expect(tools.map(({ name }) => name)).toEqual(names)
      expect(printsOf(tools)).toEqual(prints)
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
  }

  it.each(eras)('shows a %s client over stdio the tools of the manifest, in order', async (...era) => {
    const command = { command: process.execPath, args: [script], cwd, env: env(), stderr: 'ignore' as const }
    await expectTools(new StdioClientTransport(command), era)
  })

  it('shows clients of both eras the same over Streamable HTTP', async () => {
    await using run = spawnNode(script, ['--http'], env(), cwd)
    const said = await run.until(/listens on \S+\n/, 'stderr')
    const url = new URL(/listens on (\S+)/.exec(said)?.[1] ?? '')
    for (const era of eras) await expectTools(new StreamableHTTPClientTransport(url), era)
  })

  it('names the place of every bad argument, prints nothing but protocol, and ends with its stdin', async () => {
    await using run = spawnNode(script, [], env(), cwd)
    const results = await callAll(run, names, { 'no/such': 1 })
    for (const { isError, failure } of results) {
      expect([isError, failure.kind]).toEqual([true, 'invalid_input'])
      expect(failure.issues?.map(({ path }) => path)).toContain('/no~1such')
    }
  })

  const required = Object.keys(environment)
  it.skipIf(required.length === 0)(
    'lists its tools without credentials, and says at each call what is missing',
    async () => {
      await using run = spawnNode(script, [], { REMIT_SERVER_DATA: data }, cwd)
      const results = await callAll(run, names, {})
      const refused = results.filter(({ failure }) => failure.kind === 'unauthorized')
      // A call whose arguments are wrong is told so first.
      expect(results.filter(({ failure }) => !['unauthorized', 'invalid_input'].includes(failure.kind))).toEqual([])
      for (const variable of required) {
        expect(run.stderr()).toContain(`${variable}: is not set`)
        for (const { failure } of refused) expect(failure.message).toContain(variable)
      }
    },
  )

  const wrong = Object.fromEntries(required.map((variable) => [variable, 'wr ong']))
  const takesAnything = server.environment.safeParse(wrong).success
  it.skipIf(takesAnything)('exits with 2 where a variable is wrong, and does not print it', async () => {
    await using run = spawnNode(script, [], { ...wrong, REMIT_SERVER_DATA: data }, cwd)
    expect(await run.exited).toBe(2)
    expect(run.stdout()).toBe('')
    expect(run.stderr()).not.toContain('wr ong')
  })
}

export function printsOf(tools: readonly unknown[]): Record<string, string> {
  return Object.fromEntries((tools as FingerprintedTool[]).map((tool) => [tool.name, fingerprint(tool)]))
}

/** Calls every tool with the same arguments, by the 2025 handshake; expects pure protocol on stdout and an end with stdin. */
async function callAll(run: NodeProcess, names: readonly string[], args: JsonObject) {
  const send = (message: JsonObject): void => {
    run.child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  }
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: info }
  send({ id: 'hello', method: 'initialize', params })
  await run.until(/"id":"hello"/, 'stdout')
  send({ method: 'notifications/initialized' })
  for (const name of names) send({ id: name, method: 'tools/call', params: { name, arguments: args } })
  await Promise.all(names.map((name) => run.until(new RegExp(`"id":"${name}"`), 'stdout')))
  run.child.stdin.end()
  expect(await run.exited).toBe(0)

  const messages = run
    .stdout()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as JsonObject)
  for (const message of messages) expect(message).toMatchObject({ jsonrpc: '2.0' })
  return names.map((name) => {
    const { result } = messages.find(({ id }) => id === name) as { result: { isError: boolean; _meta: JsonObject } }
    return { name, isError: result.isError, ...outcomeMetaSchema.parse(result._meta[metaKeys.outcome]) }
  })
}
