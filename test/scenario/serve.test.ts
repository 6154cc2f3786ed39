import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport as OldStdioTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openHome } from '../../orchestrator/home/home.ts'
import { metaKeys } from '../../shared/capability/call-meta.ts'
import { modernRevision } from '../../shared/capability/testing.ts'
import { type Manifest, manifestSchema } from '../../shared/manifest.ts'
import { until } from '../support/hostile-gateway.ts'
import { removePlacedData } from '../support/placed-data.ts'
import { processesOf, remit, root } from '../support/remit-command.ts'
import { spawnNode } from '../support/spawn-node.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const onLinux = process.platform === 'linux'
const manifest: Manifest = manifestSchema.parse(JSON.parse(readFileSync(join(root, 'servers/manifest.json'), 'utf8')))
const billing = manifest.servers.find(({ name }) => name === 'billing')

let home: string
let folder: Awaited<ReturnType<typeof temporaryFolder>>

beforeAll(async () => {
  folder = await temporaryFolder('remit-serve-')
  home = join(folder.path, 'home')
  writeFileSync(join(folder.path, 'remit.config.yaml'), 'policy: held.yaml\n')
  writeFileSync(
    join(folder.path, 'held.yaml'),
    'rules: [{ name: held, when: tool == "billing.create_customer", verdict: hold, reason: it costs }]\n',
  )
})

afterAll(async () => {
  await remit(home, ['stop']).ended
  await removePlacedData(openHome(home))
  await folder.remove()
})

const acme = { organization_id: 'org_acme', name: 'Acme', email: 'office@acme.example', country: 'DE' }

const environment = (extra: Record<string, string> = {}) => ({
  PATH: process.env.PATH ?? '',
  REMIT_HOME: home,
  ...extra,
})

/** How a host starts the server. */
const command = (extra: Record<string, string> = {}) => ({
  command: process.execPath,
  args: ['orchestrator/main.ts', 'serve', 'billing'],
  cwd: root,
  env: environment(extra),
  stderr: 'pipe' as const,
})

/** A host of our making, connected as `claude-code`; `said` is what came on stderr so far. */
async function connect(mode: 'modern' | 'legacy', extra: Record<string, string> = {}) {
  const client = new Client(
    { name: 'claude-code', version: '2.1.0' },
    { versionNegotiation: { mode: mode === 'legacy' ? 'legacy' : { pin: modernRevision } } },
  )
  const transport = new StdioClientTransport(command(extra))
  let said = ''
  transport.stderr?.on('data', (chunk: Buffer) => {
    said += chunk
  })
  await client.connect(transport)
  return { client, said: () => said, [Symbol.asyncDispose]: () => client.close() }
}

async function json(args: string[]): Promise<unknown> {
  const { stdout } = await remit(home, [...args, '--json']).ended
  return JSON.parse(stdout)
}

/** The `calls` of the record, as rows. */
async function calls(): Promise<unknown> {
  return json(['sql', 'select server, tool, status, principal from calls order by run_id'])
}

describe('remit serve', { timeout: 180_000 }, () => {
  test.each(['modern', 'legacy'] as const)(
    'shows a %s host the reviewed server, and makes recorded calls',
    async (era) => {
      await using host = await connect(era)
      const { client } = host
      expect(client.getServerVersion()).toMatchObject({
        name: 'billing',
        title: billing?.title,
        version: billing?.version,
      })
      expect(client.getInstructions()).toBe(billing?.instructions)
      const { tools } = await client.listTools()
      expect(tools).toMatchObject(
        billing?.tools.map(({ name, title, description, input, output, annotations }) => ({
          name,
          title,
          description,
          inputSchema: input,
          outputSchema: output,
          annotations,
        })) ?? [],
      )
      const made = await client.callTool({
        name: 'create_customer',
        arguments: { ...acme, organization_id: `org_${era}` },
      })
      expect(made.structuredContent).toMatchObject({ customer_id: expect.stringMatching(/^cus_/) })
      expect(made._meta?.[metaKeys.record]).toMatchObject({ recorded: true, run_id: expect.any(String) })
      expect(host.said()).toContain(`billing: recorded in ${home}`)
    },
  )

  test('a host of the older SDK is served, too', async () => {
    const client = new OldClient({ name: 'older', version: '1' })
    await client.connect(new OldStdioTransport(command()))
    try {
      const { content, isError } = await client.callTool({
        name: 'find_customer',
        arguments: { organization_id: 'nobody' },
      })
      expect(isError).toBe(true)
      expect(JSON.stringify(content)).toContain('no customer for the organization')
      await expect(client.callTool({ name: 'no_such_tool', arguments: {} })).rejects.toMatchObject({ code: -32602 })
    } finally {
      await client.close()
    }
  })

  test('each call is a run of the host that asked for it: listed, told, queried and proved', async () => {
    expect(await calls()).toMatchObject([
      { server: 'billing', tool: 'create_customer', status: 'succeeded', principal: 'host:claude-code' },
      { server: 'billing', tool: 'create_customer', status: 'succeeded', principal: 'host:claude-code' },
      { server: 'billing', tool: 'find_customer', status: 'failed', principal: 'host:older' },
    ])
    expect(await json(['runs'])).toMatchObject([
      { goal: 'billing-find_customer', status: 'failed' },
      { goal: 'billing-create_customer', status: 'succeeded' },
      { goal: 'billing-create_customer', status: 'succeeded' },
    ])
    expect(await json(['show', 'last'])).toMatchObject({ goal: 'billing-find_customer' })
    expect(await json(['replay', 'last'])).toMatchObject({ differences: [] })
    expect(await json(['verify'])).toMatchObject({ problems: [] })
  })

  test('a held call is refused with how to get it approved, and made once it is', async () => {
    await using host = await connect('modern', { REMIT_CONFIG: join(folder.path, 'remit.config.yaml') })
    const held = { name: 'create_customer', arguments: { ...acme, organization_id: 'org_held' } }
    const refused = await host.client.callTool(held)
    expect(refused.isError).toBe(true)
    const [, approval = ''] = /remit -- approve ([0-9a-f-]+)/.exec(JSON.stringify(refused.content)) ?? []
    expect(approval).not.toBe('')
    expect((await remit(home, ['approve', approval]).ended).code).toBe(0)
    expect((await host.client.callTool(held)).structuredContent).toMatchObject({ customer_id: expect.any(String) })
    expect(((await calls()) as object[]).length).toBe(4)
  })

  test('without its Postgres it works on, and says so: on stderr, to the model, and with each result', async () => {
    await using host = await connect('modern', { REMIT_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' })
    expect(host.client.getInstructions()).toMatch(/^unrecorded: /)
    const made = await host.client.callTool({ name: 'create_customer', arguments: acme })
    expect(made.structuredContent).toMatchObject({ customer_id: expect.any(String) })
    expect(made._meta?.[metaKeys.record]).toEqual({ recorded: false })
    expect(host.said()).toContain('billing: unrecorded: ')
  })

  test('a server that is not there is refused by name, before anything is started', async () => {
    const { code, stderr, stdout } = await remit(home, ['serve', 'biling']).ended
    expect(code).toBe(2)
    expect(stderr).toContain('There is no server biling; did you mean billing?')
    expect(stdout).toBe('')
  })

  describe.runIf(onLinux)('leaves no process', () => {
    const serving = () => spawnNode('orchestrator/main.ts', ['serve', 'billing'], environment())
    const isGone = () => until('everything of the home has ended', () => processesOf(home).length === 0)

    test.each([
      ['its stdin ends', (host: ReturnType<typeof serving>) => host.child.stdin.end()],
      ['it is asked to end', (host: ReturnType<typeof serving>) => host.child.kill('SIGTERM')],
      ['it is interrupted', (host: ReturnType<typeof serving>) => host.child.kill('SIGINT')],
      ['it is killed', (host: ReturnType<typeof serving>) => host.child.kill('SIGKILL')],
    ])('when %s', async (_, end) => {
      await using host = serving()
      await host.until(/billing: recorded in/, 'stderr')
      expect(processesOf(home).some((line) => line.includes('servers/billing/main.ts'))).toBe(true)
      end(host)
      await host.exited
      await isGone()
      expect(host.stdout()).toBe('')
    })
  })
})
