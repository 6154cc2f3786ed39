/** What `npm run bundle` makes, started as hosts and containers start it: with Node, an empty home, and nothing of the project. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { getMcpConfigForManifest, type McpbManifestAny, unpackExtension } from '@anthropic-ai/mcpb'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { openTokenKeys } from '../../orchestrator/execute/tokens/token-keys.ts'
import { openHome } from '../../orchestrator/home/home.ts'
import { ensureServerRole } from '../../orchestrator/record/server-roles.ts'
import { type Bundle, bundleServer } from '../../scripts/bundle/bundle-server.ts'
import { readProject } from '../../scripts/bundle/project.ts'
import { emulatorReadySchema, metaKeys } from '../../shared/capability/call-meta.ts'
import type { JsonObject } from '../../shared/json.ts'
import { type FingerprintedTool, fingerprint, manifestSchema, type ServerManifest } from '../../shared/manifest.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { root } from '../support/remit-command.ts'
import { type NodeProcess, spawnNode } from '../support/spawn-node.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 })

const { servers } = manifestSchema.parse(JSON.parse(readFileSync(join(root, 'servers/manifest.json'), 'utf8')))
const bundles = new Map<string, Bundle>()
const emulators: NodeProcess[] = []
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let database: TestDatabase

beforeAll(async () => {
  folder = await temporaryFolder('remit-bundle-')
  database = await createTestDatabase()
  await Promise.all(servers.map(async (server) => bundles.set(server.name, await bundle(server, 'dist'))))
})
afterAll(async () => {
  await Promise.all(emulators.map((emulator) => emulator[Symbol.asyncDispose]()))
  await database.drop()
  await folder.remove()
})

function bundle(server: ServerManifest, out: string): Promise<Bundle> {
  const releases = 'https://github.example/acme/servers/releases'
  return bundleServer(server, { root, project: readProject(root), out: at(out), namespace: 'com.example', releases })
}

function at(...path: string[]): string {
  return join(folder.path, ...path)
}

function bundleOf(name: string): Bundle {
  const made = bundles.get(name)
  if (!made) throw new Error(`there is no bundle of ${name}`)
  return made
}

/** What a person types in when the bundle is installed: the emulator's values, or a database. */
async function userConfig({ name, emulator }: ServerManifest): Promise<Record<string, string>> {
  const kind = name === 'provisioning' ? 'provisioner' : 'schema'
  const given = emulator
    ? await emulatedVendor(name)
    : { DATABASE_URL: await ensureServerRole(database.ownerUrl, database.home, { kind, name }) }
  return Object.fromEntries(Object.entries(given).map(([variable, value]) => [variable.toLowerCase(), value]))
}

async function emulatedVendor(name: string): Promise<Record<string, string>> {
  const emulator = spawnNode(`servers/${name}/emulator.ts`, [], { REMIT_EMULATOR_DATA: at('emulators', name) })
  emulators.push(emulator)
  const { endpoints, credentials } = emulatorReadySchema.parse(JSON.parse(await emulator.until(/\n/, 'stdout')))
  return { ...endpoints, ...credentials }
}

/** For each server, calls that need what it was given, and what comes of the last. */
const calls: Record<string, { tool: string; args: JsonObject; outcome: JsonObject }[]> = {
  billing: [{ tool: 'list_prices', args: {}, outcome: { prices: expect.any(Array) } }],
  email: [
    {
      tool: 'send_email',
      args: { to: 'ada@acme.example', subject: 'Hello', text: 'From a bundle.' },
      outcome: { accepted: ['ada@acme.example'] },
    },
    { tool: 'find_delivery', args: { to: 'ada@acme.example' }, outcome: { state: 'sent', subject: 'Hello' } },
  ],
  organizations: [{ tool: 'find_organization', args: { slug: 'nobody' }, outcome: { failure: { kind: 'not_found' } } }],
  provisioning: [
    { tool: 'find_workspace', args: { organization_id: 'org_nobody' }, outcome: { failure: { kind: 'not_found' } } },
  ],
  slack: [{ tool: 'find_channel', args: { channel: '#customers' }, outcome: { channel_id: 'C0CUSTOMERS' } }],
} as unknown as typeof calls

describe.each(servers)('the .mcpb of $name', (server) => {
  it('lists and calls its tools from an empty folder, with nothing but Node', async () => {
    const extension = at('installed', server.name)
    expect(await unpackExtension({ mcpbPath: bundleOf(server.name).file, outputDir: extension, silent: true })).toBe(
      true,
    )
    for (let up = extension; up !== dirname(up); up = dirname(up))
      expect(existsSync(join(up, 'node_modules'))).toBe(false)
    const home = at('homes', server.name)
    mkdirSync(home, { recursive: true })
    const manifest = JSON.parse(readFileSync(join(extension, 'manifest.json'), 'utf8')) as McpbManifestAny
    const config = await getMcpConfigForManifest({
      manifest,
      extensionPath: extension,
      systemDirs: { HOME: home },
      userConfig: await userConfig(server),
      pathSeparator: '/',
    })
    expect(config?.command).toBe('node')
    const nothingElse = { HOME: home, PATH: '', USER: '', LOGNAME: '', SHELL: '', TERM: '', PORT: '8080' }
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: config?.args ?? [],
      env: { ...nothingElse, ...config?.env },
      cwd: home,
      stderr: 'pipe',
    })
    const said = text(transport.stderr as Readable)
    const client = new Client({ name: 'host', version: '0' }, { versionNegotiation: { mode: 'legacy' } })
    await client.connect(transport)
    try {
      const { tools } = await client.listTools()
      const prints = (tools as unknown as FingerprintedTool[]).map(fingerprint)
      expect(prints).toEqual(server.tools.map((tool) => tool.fingerprint))
      for (const { tool, args, outcome } of calls[server.name] ?? []) {
        const { isError, structuredContent, _meta } = await client.callTool({ name: tool, arguments: args })
        expect(isError ? _meta?.[metaKeys.outcome] : structuredContent).toMatchObject(outcome)
      }
      expect(calls[server.name]).toBeDefined()
      expect(readdirSync(join(home, '.remit-servers'))).toEqual([server.name])
    } finally {
      await client.close()
    }
    expect(await said).toContain('no sandbox and no record')
  })

  it('asks for credentials as sensitive values, and has a server.json with the digest of exactly this file', async () => {
    const { folder, sha256 } = bundleOf(server.name)
    const { name, packages } = JSON.parse(readFileSync(join(folder, 'server.json'), 'utf8'))
    expect(name).toBe(`com.example/${server.name}`)
    expect(packages).toMatchObject([{ registryType: 'mcpb', fileSha256: sha256 }])
    const secrets = packages[0].environmentVariables.filter(({ isSecret }: { isSecret: boolean }) => isSecret)
    expect(secrets.map(({ name }: { name: string }) => name)).toEqual(Object.keys(server.credentials))
    const code = readFileSync(join(folder, 'server.mjs'), 'utf8')
    expect(code).not.toContain(root)
  })
})

describe('a bundle', () => {
  it('has the same bytes when it is made again', async () => {
    const slack = servers.find(({ name }) => name === 'slack') as ServerManifest
    const again = await bundle(slack, 'again')
    const files = readdirSync(again.folder).sort()
    expect(files).toEqual(readdirSync(bundleOf('slack').folder).sort())
    for (const file of files) {
      const [first, second] = [bundleOf('slack').folder, again.folder].map((each) => readFileSync(join(each, file)))
      expect(first?.equals(second as Buffer), file).toBe(true)
    }
  })

  it('passes on the licences of every package in it', () => {
    const { folder } = bundleOf('billing')
    const licences = readFileSync(join(folder, 'THIRD-PARTY-LICENSES.txt'), 'utf8')
    for (const name of ['@modelcontextprotocol/server', '@opentelemetry/api', 'stripe', 'zod', 'pino', 'jose'])
      expect(licences.split('\n').filter((line) => line.startsWith(`${name} `))).toHaveLength(1)
    expect(licences).toContain('Permission is hereby granted, free of charge')
  })

  it('is refused whose manifest the format does not take, and leaves nothing behind', async () => {
    const slack = servers.find(({ name }) => name === 'slack') as ServerManifest
    const wordy = { ...slack, description: 'x'.repeat(101) }
    await expect(bundle(wordy, 'refused')).rejects.toThrow('/description')
    expect(existsSync(at('refused', 'slack'))).toBe(false)
  })
})

describe('the container of a server', () => {
  it('serves by PORT as its Dockerfile says, says how it is, and ends in good order', async () => {
    const { files, env, command, health } = readDockerfile(bundleOf('billing').folder)
    const app = at('container', 'app')
    mkdirSync(app, { recursive: true })
    for (const file of files) copyFileSync(join(bundleOf('billing').folder, file), join(app, file))
    const keys = openTokenKeys({ home: openHome(at('keys')), now: () => new Date() })
    await keys.published()
    const port = String(await freePort())
    const environment = { ...env, PORT: port, STRIPE_API_KEY: 'sk_test_1', REMIT_SERVER_DATA: at('container', 'data') }
    const args = command.map((each) => each.replace(/^\/app/, app))

    await using open = spawnNode(args[0] ?? '', args.slice(1), environment)
    expect(await open.exited).toBe(2)
    expect(open.stderr()).toContain('set REMIT_TOKEN_KEYS')

    await using run = spawnNode(args[0] ?? '', args.slice(1), { ...environment, REMIT_TOKEN_KEYS: keys.file })
    await run.until(/billing listens on http:\/\/0\.0\.0\.0:/, 'stderr')
    const isHealthy = async () =>
      (await once(spawn(process.execPath, health, { env: { PORT: port } }), 'exit'))[0] === 0
    expect(await isHealthy()).toBe(true)
    expect((await fetch(`http://127.0.0.1:${port}/mcp`, { method: 'POST', body: '{}' })).status).toBe(401)
    run.child.kill('SIGTERM')
    expect(await run.exited).toBe(0)
    expect(await isHealthy()).toBe(false)
  })
})

/** What a Dockerfile of ours copies, sets and starts: each instruction stands in one line, in its exec form. */
function readDockerfile(folder: string) {
  const lines = readFileSync(join(folder, 'Dockerfile'), 'utf8').split('\n')
  const after = (start: string) =>
    lines.filter((line) => line.startsWith(start)).map((line) => line.slice(start.length))
  const words = (start: string) => JSON.parse(after(start)[0] ?? '[]') as string[]
  const [copied = ''] = after('COPY --chmod=0444 ')
  const [program, ...entry] = words('ENTRYPOINT ')
  expect(program).toBe('node')
  return {
    files: copied.split(' ').slice(0, -1),
    env: Object.fromEntries(
      after('ENV ').map((line) => [line.split('=')[0] ?? '', JSON.parse(line.slice(line.indexOf('=') + 1)) as string]),
    ),
    command: [...entry, ...words('CMD ')],
    health: (JSON.parse(/ CMD (\[.*\])$/.exec(after('HEALTHCHECK ')[0] ?? '')?.[1] ?? '[]') as string[]).slice(1),
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
