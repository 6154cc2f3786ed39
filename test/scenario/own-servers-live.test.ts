/** The servers of a project of one's own join, change and leave behind a service that runs; runs that wait meanwhile go on, or stop safely. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RunDocument } from '../../orchestrator/run/document.ts'
import type { Manifest } from '../../shared/manifest.ts'
import { withClient } from '../../shared/postgres/connect.ts'
import { makeOwnProject, type OwnProject } from '../support/own-project.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { processesOf, remit } from '../support/remit-command.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const patience = { timeout: 30_000 }
const contacts = 'servers/crm/server.ts'
const manifest = 'servers/manifest.json'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let database: TestDatabase
let project: OwnProject
let service: ReturnType<typeof remit>
let url: string

async function ask<Answer>(path: string, body?: object): Promise<Answer> {
  const key = readFileSync(join(database.home.path, 'user', 'admin.key'), 'utf8').trim()
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const asked = body ? { method: 'POST', headers, body: JSON.stringify(body) } : { headers }
  const answer = await fetch(`${url}${path}`, asked)
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`)
  return (await answer.json()) as Answer
}

interface Listed {
  name: string
  version: string
  state: string
}
/** `crm 0.1.0 up`, of every server. */
async function servers(): Promise<string[]> {
  const { servers: listed } = await ask<{ servers: Listed[] }>('/v1/servers')
  return listed.map(({ name, version, state }) => `${name} ${version} ${state}`)
}
const document = (run: string) => ask<RunDocument>(`/v1/runs/${run}`)
/** The pids of a server's or an emulator's processes. */
const processes = (what: string) => processesOf(join(database.home.path, what))
const log = () => readFileSync(join(database.home.logs, 'remit.log'), 'utf8')
const troubles = () =>
  log()
    .split('\n')
    .flatMap((line) => (line.includes('was not taken up') ? [(JSON.parse(line) as { reason: string }).reason] : []))

/** What the emulator of the CRM holds. */
function account() {
  const text = readFileSync(join(database.home.emulatorFolder('crm'), 'account.json'), 'utf8')
  return JSON.parse(text) as { token: string; records: { name: string }[] }
}
const kept = () => account().records.map(({ name }) => name)

/** The servers whose jails have proved themselves. */
async function noted(): Promise<string[]> {
  const proofs = await withClient(
    database.url,
    'test',
    (sql) => sql<{ server: string }[]>`
      SELECT DISTINCT data->'details'->>'server' AS server FROM remit.events WHERE data->>'what' = 'jail_proved'`,
  )
  return proofs.map(({ server }) => server)
}

async function decide(run: string, tool: string, choice: 'approve' | 'deny'): Promise<void> {
  const open = (await document(run)).approvals.find((each) => each.tool === tool)
  await ask(`/v1/approvals/${open?.approval_id}/${choice}`, {})
}

/** Starts a run that wants a guest and a contact, and waits until both wait for an approval. */
async function meet(who: string): Promise<string> {
  const { run_id } = await ask<{ run_id: string }>('/v1/runs', { goal: 'meet', input: { guest: who, contact: who } })
  await expect.poll(async () => (await document(run_id)).approvals.length, patience).toBe(2)
  return run_id
}

beforeAll(async () => {
  folder = await temporaryFolder('remit-own-servers-')
  ;[database, project] = await Promise.all([createTestDatabase(), makeOwnProject(join(folder.path, 'shop'))])
  project.write(
    'policy.yaml',
    'rules: [{ name: held, when: effect == "create", verdict: hold, reason: "{principal} asks first" }]\n',
  )
  project.write(
    'goals/meet.yaml',
    `goal: meet
title: Meet somebody
description: Keeps a contact, and has them in the guestbook.
input:
  type: object
  additionalProperties: false
  required: [guest, contact]
  properties:
    guest: { type: string, description: A name, fact: guestbook.guest_name }
    contact: { type: string, description: A name, fact: crm.contact_name }
outcomes:
  - { fact: guestbook.guest, on_failure: undo }
  - { fact: crm.contact, on_failure: undo }
`,
  )
  service = remit(database.home.path, ['start', '--json'], {
    REMIT_PROJECT: project.root,
    REMIT_DATABASE_URL: database.ownerUrl,
  })
  url = (await service.hears(/"ready":.*"url":"([^"]+)"/))[1] ?? ''
}, 120_000)

afterAll(async () => {
  service.kill('SIGTERM')
  const { code, stdout, stderr } = await service.ended
  const left = processesOf(database.home.path)
  const said = `${stdout}${stderr}${log()}`
  const { token } = account()
  await database.drop()
  await folder.remove()
  expect({ code, left }).toEqual({ code: 0, left: [] })
  expect(said).not.toMatch(new RegExp(`Trouble|${token}`))
}, 60_000)

describe('behind a service that runs', { timeout: 120_000 }, () => {
  test('a server joins once its manifest and what it is given are there, and a run uses it', async () => {
    expect(await servers()).toEqual(['guestbook 0.1.0 up'])
    project.addServer('crm', 'contact')
    project.edit(contacts, {
      'credentials: {': "credentials: { DATABASE_URL: { description: 'Its own database', delivery: 'env' },",
      'environment: z.object({': 'environment: z.object({ DATABASE_URL: z.url(),',
    })
    await project.writeManifest()
    await expect.poll(troubles, patience).toEqual([expect.stringContaining('/servers/crm/database is missing')])
    project.write('remit.config.yaml', `${project.read('remit.config.yaml')}\nservers: { crm: { database: schema } }\n`)
    await expect.poll(servers, patience).toEqual(['crm 0.1.0 up', 'guestbook 0.1.0 up'])
    expect(await (await fetch(`${url}/readyz`)).json()).toMatchObject({ status: 'ready', servers: { up: 2, down: 0 } })
    expect(await noted()).toEqual(expect.arrayContaining(['crm', 'guestbook']))
    const run = await meet('Ada')
    await decide(run, 'crm.create_contact', 'approve')
    await decide(run, 'guestbook.create_guest', 'approve')
    await expect.poll(async () => (await document(run)).status, patience).toBe('succeeded')
    expect(kept()).toEqual(['Ada'])
  })

  test('a manifest that is none is told once, with its place, and changes nothing', async () => {
    const [before, reviewed] = [processes('servers/crm'), project.read(manifest)]
    project.write(manifest, reviewed.slice(0, 1_000))
    await expect.poll(() => troubles()[1], patience).toMatch(/manifest\.json is no manifest.*\n {2}\/ is no JSON/)
    project.write(manifest, reviewed.replace('"effect": "create"', '"effect": "explode"'))
    await expect.poll(() => troubles()[2], patience).toContain('/servers/0/tools/0/effect Invalid option')
    const run = await meet('Bob')
    await decide(run, 'crm.create_contact', 'approve')
    await decide(run, 'guestbook.create_guest', 'approve')
    await expect.poll(async () => (await document(run)).status, patience).toBe('succeeded')
    project.write(manifest, reviewed)
    expect(troubles()).toHaveLength(3)
    expect(processes('servers/crm')).toEqual(before)
  })

  test('a run that waits while its server changes goes on, and is undone, by the contract that it planned with', async () => {
    const run = await meet('Grace')
    const [emulator, server] = [processes('emulators/crm'), processes('servers/crm')]
    project.edit(contacts, {
      "version: '0.1.0'": "version: '0.2.0'",
      "tool: 'delete_contact'": "tool: 'archive_contact'",
      'tools: [create,': 'tools: [archive, create,',
      'const remove = defineTool': `const archive = defineTool({
  name: 'archive_contact',
  title: 'Archive contact',
  description: 'Put a contact aside.',
  input: z.object({ contact_id: id }),
  output: z.object({ archived: z.boolean() }),
  effect: 'delete',
  idempotency: 'natural',
  example: { contact_id: { $ref: '/create_contact/output/contact_id' } },
  run: async () => ({ archived: true }),
})

const remove = defineTool`,
    })
    await project.writeManifest()
    await expect.poll(servers, patience).toEqual(['crm 0.2.0 up', 'guestbook 0.1.0 up'])
    await decide(run, 'crm.create_contact', 'approve')
    await expect.poll(kept, patience).toContain('Grace')
    await decide(run, 'guestbook.create_guest', 'deny')
    await expect.poll(async () => (await document(run)).status, patience).toBe('failed')
    const { compensation, calls } = await document(run)
    expect(compensation).toBe('complete')
    expect(calls.map(({ tool, status }) => `${tool} ${status}`)).toEqual([
      'create_contact succeeded',
      'delete_contact succeeded',
    ])
    expect(kept()).not.toContain('Grace')
    expect(processes('servers/crm')).not.toEqual(server)
    expect(processes('emulators/crm')).toEqual(emulator)
  })

  test('a run whose tool goes away while it waits stops, undoes what it did, and says why', async () => {
    const run = await meet('Alan')
    await decide(run, 'guestbook.create_guest', 'approve')
    await expect
      .poll(async () => (await document(run)).calls.map(({ status }) => status), patience)
      .toEqual(['succeeded'])
    const emulator = processes('emulators/crm')
    const { servers: reviewed } = JSON.parse(project.read(manifest)) as Manifest
    const next = reviewed.map(({ tools, emulator: stand, ...server }) =>
      server.name === 'crm' && stand
        ? {
            ...server,
            version: '0.3.0',
            tools: tools.filter(({ name }) => name !== 'create_contact'),
            emulator: { ...stand, command: [...stand.command, '--another'] },
          }
        : { ...server, tools, emulator: stand },
    )
    project.write(manifest, JSON.stringify({ version: 1, servers: next }))
    await expect.poll(servers, patience).toEqual(['crm 0.3.0 up', 'guestbook 0.1.0 up'])
    expect(processes('emulators/crm')).toEqual([expect.stringContaining('--another')])
    expect(processes('emulators/crm')).not.toEqual(emulator)
    await decide(run, 'crm.create_contact', 'approve')
    await expect.poll(async () => (await document(run)).status, patience).toBe('failed')
    const { error, compensation, calls } = await document(run)
    expect(error?.message).toContain('crm.create_contact was refused: crm.create_contact is not a reviewed tool')
    expect(compensation).toBe('complete')
    expect(calls.map(({ tool, status }) => `${tool} ${status}`)).toEqual([
      'create_guest succeeded',
      'delete_guest succeeded',
    ])
  })

  test('a server that is taken out leaves, and nothing of it is left', async () => {
    project.removeServer('crm')
    await project.writeManifest()
    await expect.poll(() => troubles()[3], patience).toContain('/servers/crm names no server of the manifest')
    project.edit('remit.config.yaml', { 'servers: { crm: { database: schema } }': '' })
    await expect.poll(servers, patience).toEqual(['guestbook 0.1.0 up'])
    await expect.poll(() => [...processes('servers/crm'), ...processes('emulators/crm')], patience).toEqual([])
    expect(await (await fetch(`${url}/readyz`)).json()).toMatchObject({ status: 'ready', servers: { up: 1, down: 0 } })
  })
})
