import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client, type ClientOptions, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openHome } from '../../orchestrator/home/home.ts'
import { modernRevision } from '../../shared/capability/testing.ts'
import { until } from '../support/hostile-gateway.ts'
import { removePlacedData } from '../support/placed-data.ts'
import { processesOf, remit, root } from '../support/remit-command.ts'
import { type NodeProcess, spawnNode } from '../support/spawn-node.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const acme = JSON.parse(readFileSync(join(root, 'examples', 'acme.json'), 'utf8'))
const patience = { timeout: 120_000 }

let home: string
let folder: Awaited<ReturnType<typeof temporaryFolder>>

beforeAll(async () => {
  folder = await temporaryFolder('remit-mcp-')
  home = join(folder.path, 'home')
})

afterAll(async () => {
  await remit(home, ['stop']).ended
  await removePlacedData(openHome(home))
  await folder.remove()
})

const environment = () => ({
  PATH: process.env.PATH ?? '',
  REMIT_HOME: home,
  REMIT_CONFIG_HOME: join(folder.path, 'config'),
  REMIT_PORT: '0',
})
const asked: ClientOptions = { versionNegotiation: { mode: { pin: modernRevision } } }

async function rows(statement: string): Promise<unknown> {
  return JSON.parse((await remit(home, ['sql', statement, '--json']).ended).stdout)
}

test('a host on stdio pursues a goal and makes single calls, all recorded, and leaves nothing behind', async () => {
  const client = new Client({ name: 'host', version: '1' }, asked)
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: ['orchestrator/main.ts', 'serve', 'remit'],
      cwd: root,
      env: environment(),
      stderr: 'ignore',
    }),
  )
  const found = await client.callTool({ name: 'find_tools', arguments: { query: 'customer account' } })
  expect(JSON.stringify(found.structuredContent)).toContain('billing.create_customer')
  const started = { name: 'start_run', arguments: { goal: 'onboard', input: acme, wait_seconds: 90 } }
  const { structuredContent: run } = await client.callTool(started, patience)
  expect(run).toMatchObject({ goal: 'onboard', status: 'succeeded' })
  const called = await client.callTool({
    name: 'call_tool',
    arguments: { tool: 'billing.find_customer', arguments: { organization_id: 'org_nobody' } },
  })
  const { run_id } = called.structuredContent as { run_id: string }
  expect(await rows(`select goal from runs where run_id = '${run_id}'`)).toEqual([{ goal: 'billing-find_customer' }])
  const unknown = await client.callTool({ name: 'call_tool', arguments: { tool: 'billing.find_custmer' } })
  expect(JSON.stringify(unknown)).toContain('did you mean billing.find_customer?')
  await client.close()
  await until('everything has ended', async () => (await processesOf(home)).length === 0)
}, 180_000)

describe('remit start', () => {
  let started: NodeProcess
  let url: string

  beforeAll(async () => {
    started = spawnNode('orchestrator/main.ts', ['start', '--json'], environment())
    const said = await started.until(/"ready":.*\n/, 'stdout')
    url = /"url":"([^"]+)"/.exec(said)?.[1] ?? ''
  }, 120_000)

  afterAll(async () => {
    started.child.kill('SIGTERM')
    await started.exited
  }, 60_000)

  test('serves the same at /mcp to who has a key, and pursues what it starts', async () => {
    const key = readFileSync(join(folder.path, 'config', 'admin.key'), 'utf8').trim()
    const client = new Client({ name: 'host', version: '1' }, asked)
    await client.connect(
      new StreamableHTTPClientTransport(new URL('/mcp', url), {
        requestInit: { headers: { authorization: `Bearer ${key}` } },
      }),
    )
    const organization = { name: 'Globex GmbH', slug: 'globex', domain: 'globex.example', country: 'DE' }
    const input = { ...acme, organization }
    const start = { name: 'start_run', arguments: { goal: 'onboard', input, wait_seconds: 90 } }
    expect((await client.callTool(start, patience)).structuredContent).toMatchObject({ status: 'succeeded' })
    await client.close()
  }, 150_000)

  test('lets nobody in without one, and publishes the keys of its call tokens', async () => {
    const refused = await fetch(new URL('/mcp', url), { method: 'POST', body: '{}' })
    expect(refused.status).toBe(401)
    expect(refused.headers.get('www-authenticate')).toMatch(/^Bearer /)
    const keys = await fetch(new URL('/.well-known/jwks.json', url))
    expect(await keys.json()).toMatchObject({
      keys: expect.arrayContaining([expect.objectContaining({ kty: 'OKP', crv: 'Ed25519' })]),
    })
  })
})
