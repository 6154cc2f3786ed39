/** A stranger's server from npm takes part: it is added while Remit runs, does its part of a goal, is undone, and leaves. */
import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import filesystemPackage from '@modelcontextprotocol/server-filesystem/package.json' with { type: 'json' }
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openHome } from '../../orchestrator/home/home.ts'
import type { RunDocument } from '../../orchestrator/run/document.ts'
import { askPostgres } from '../support/ask-postgres.ts'
import { type NpmRegistry, startRegistry } from '../support/npm-registry.ts'
import { removePlacedData } from '../support/placed-data.ts'
import { processesOf, remit, root } from '../support/remit-command.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const { name: packageName, version } = filesystemPackage
const filesystem = `npm:${packageName}`
const overlay = 'examples/any-server/files-overlay.yaml'
/** What its SDK needs to serve over HTTP, which is most of what it brings and not used here. */
const forHttp = [
  'express',
  'express-rate-limit',
  'cors',
  'hono',
  '@hono/node-server',
  'eventsource',
  'eventsource-parser',
]
const less = ['jose', 'pkce-challenge', 'raw-body', 'content-type', 'cross-spawn']
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let registry: NpmRegistry
let home: string
let data: string
let service: ReturnType<typeof remit>
let serviceUrl: string

const inFolder = (...names: string[]) => join(folder.path, ...names)
const command = (...args: string[]) =>
  remit(home, args, { REMIT_CONFIG: inFolder('remit.config.yaml'), npm_config_registry: registry.url })
const servers = () =>
  JSON.parse(readFileSync(inFolder('servers.json'), 'utf8')) as {
    servers: Record<string, { origin: { lock: string }; manifest: { command: string[] } }>
  }
/** The ids of the tools that the running service has of a server. */
async function toolsOf(server: string): Promise<string[]> {
  const headers = { authorization: `Bearer ${readFileSync(join(home, 'user', 'admin.key'), 'utf8').trim()}` }
  const answer = await fetch(`${serviceUrl}/v1/tools?limit=200`, { headers })
  const { tools } = (await answer.json()) as { tools: { server: string; id: string }[] }
  return tools.flatMap((tool) => (tool.server === server ? [tool.id] : []))
}

beforeAll(async () => {
  folder = await temporaryFolder('remit-any-server-')
  registry = await startRegistry([...forHttp, ...less])
  home = inFolder('home')
  data = inFolder('data')
  mkdirSync(data)
  const goals = join(root, 'examples', 'any-server', 'goals')
  const grants = 'servers:\n  organizations: { database: schema }\n  provisioning: { database: provisioner }\n'
  writeFileSync(inFolder('remit.config.yaml'), `goals: [${JSON.stringify(goals)}]\n${grants}`)
  service = command('start', '--json')
  serviceUrl = (await service.hears(/"ready":.*"url":"([^"]+)"/))[1] ?? ''
}, 120_000)

afterAll(async () => {
  service.kill('SIGTERM')
  await service.ended
  await command('stop').ended
  const left = processesOf(home)
  await registry[Symbol.asyncDispose]()
  await removePlacedData(openHome(home))
  await folder.remove()
  expect(left).toEqual([])
})

describe('the filesystem server of npm', { timeout: 180_000 }, () => {
  test('joins while the service runs, which then pursues a goal with it', async () => {
    expect(await toolsOf('files')).toEqual([])
    const adding = [
      'servers',
      'add',
      filesystem,
      '--name',
      'files',
      '--overlay',
      overlay,
      '--yes',
      '--json',
      '--',
      data,
    ]
    const added = await command(...adding).ended
    expect(added.code).toBe(0)
    const proposal = JSON.parse(added.stdout)
    expect(proposal).toMatchObject({
      accepted: true,
      unpinned: null,
      origin: { from: 'npm', package: packageName, version },
    })
    expect(proposal.packages).toBeGreaterThan(10)
    expect(proposal.server).toMatchObject({ egress: [], jail: { write: [data] } })
    const effects = Object.fromEntries(
      proposal.server.tools.map(({ name, effect }: { name: string; effect: string }) => [name, effect]),
    )
    expect(effects).toMatchObject({
      read_text_file: 'read',
      create_directory: 'create',
      write_file: 'create',
      edit_file: 'delete',
      move_file: 'delete',
    })
    // Nothing of this machine's home is in the file that is versioned, nor any registry.
    expect(servers().servers.files?.manifest.command).toEqual([
      'node',
      `{package}/node_modules/${packageName}/dist/index.js`,
      data,
    ])
    expect(readFileSync(inFolder('servers.lock.json'), 'utf8')).not.toMatch(/127\.0\.0\.1|registry\./)
    await expect.poll(() => toolsOf('files'), { timeout: 20_000 }).toContain('files.write_file')
    const run = await command('run', 'onboard-with-dossier', '--input', 'examples/acme.json', '--detach', '--json')
      .ended
    expect(run.code).toBe(0)
    await service.hears(/"type":"run_finished","status":"succeeded"/)
    const [dossier = ''] = readdirSync(data)
    expect(readFileSync(join(data, dossier), 'utf8')).toContain('# Welcome, Acme GmbH')
  })

  test('is undone with the rest when the run cannot succeed', async () => {
    const before = readdirSync(data)
    const run = await command(
      'run',
      'onboard-with-dossier',
      '--input',
      'examples/acme.json',
      '--fault',
      'provisioning=broken',
      '--json',
    ).ended
    expect(run.code).toBe(1)
    const document = JSON.parse(run.stdout) as RunDocument
    expect(document).toMatchObject({ status: 'failed', compensation: 'complete' })
    const undone = document.calls.filter(({ server, compensates }) => server === 'files' && compensates)
    expect(undone.map(({ tool, status }) => [tool, status])).toEqual([['move_file', 'succeeded']])
    const added = readdirSync(data).filter((name) => !before.includes(name))
    expect(added).toEqual([expect.stringMatching(/\.md\.withdrawn$/)])
  })

  test('does not start with other files than were installed, until they are installed again', async () => {
    const [kept = ''] = readdirSync(join(home, 'packages')).filter((name) => !name.endsWith('.json'))
    const program = join(home, 'packages', kept, 'node_modules', packageName, 'dist', 'index.js')
    appendFileSync(program, '\nconsole.error("mine")\n')
    const refused = await command('servers', 'show', 'files').ended
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain('the files of files are not those that were installed')
    expect((await command('servers', 'install', '--json').ended).stdout).toContain('"files"')
    expect(readFileSync(program, 'utf8')).not.toContain('"mine"')
  })

  test('leaves while the service runs', async () => {
    expect((await command('servers', 'remove', 'files').ended).code).toBe(0)
    await expect.poll(() => toolsOf('files'), { timeout: 20_000 }).toEqual([])
    expect(servers().servers).toEqual({})
    const noted = await askPostgres<{ what: string }>(
      home,
      `SELECT data->>'what' AS what FROM remit.events WHERE data->>'what' LIKE 'server\\_%' ORDER BY seq`,
      'remit',
    )
    expect(noted.map(({ what }) => what)).toEqual(['server_joined', 'server_dropped'])
  })
})
