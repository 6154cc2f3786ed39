import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres, { type Sql } from 'postgres'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startServerForTest, type TestServer, type ToolOutcome } from '../../shared/capability/testing.ts'
import type { JsonObject } from '../../shared/json.ts'
import { workspaceNames } from './identifiers.ts'
import { server } from './server.ts'

const ownerUrl = process.env.REMIT_TEST_DATABASE_URL

describe.skipIf(ownerUrl === undefined)('provisioning on a real Postgres (REMIT_TEST_DATABASE_URL)', () => {
  const suffix = randomBytes(4).toString('hex')
  const provisioner = `remit_provisioner_${suffix}`
  const password = randomBytes(12).toString('hex')
  const databaseUrl = urlOn(provisioner, { user: provisioner, password })
  let owner: Sql
  let ledger: Sql
  let dataFolder: string
  let count = 0
  let request: { organization_id: string; slug: string; admin_name: string; admin_email: string }
  const started: TestServer[] = []

  beforeAll(async () => {
    owner = postgres(String(ownerUrl), { max: 4, onnotice: () => undefined })
    await owner.unsafe(
      `create role ${provisioner} login password '${password}' nosuperuser createdb createrole noreplication`,
    )
    await owner.unsafe(`create database ${provisioner} owner ${provisioner} template template0`)
    ledger = postgres(urlOn(provisioner), { max: 1, onnotice: () => undefined })
    dataFolder = await mkdtemp(join(tmpdir(), 'remit-test-provisioning-'))
  })

  beforeEach(() => {
    count += 1
    const slug = `t${suffix}-${count}`
    request = { organization_id: `org_${slug}`, slug, admin_name: 'Ada Lovelace', admin_email: 'ada@acme.example' }
  })

  afterEach(async () => {
    await Promise.all(started.splice(0).map((each) => each.close()))
  })

  afterAll(async () => {
    const names = Array.from({ length: count }, (_, index) => workspaceNames(`t${suffix}-${index + 1}`))
    await Promise.all(names.map(({ database }) => owner.unsafe(`drop database if exists ${database} with (force)`)))
    for (const { role } of names) await owner.unsafe(`drop role if exists ${role}`)
    await ledger.end()
    await owner.unsafe(`drop database ${provisioner} with (force)`)
    await owner.unsafe(`drop role ${provisioner}`)
    await owner.end()
    await rm(dataFolder, { recursive: true, force: true })
  })

  async function start(environment: Record<string, string> = {}): Promise<TestServer> {
    const provisioning = await startServerForTest(server, {
      environment: { DATABASE_URL: databaseUrl, ...environment },
      dataFolder,
    })
    started.push(provisioning)
    return provisioning
  }

  const secretFile = () => join(dataFolder, 'secrets', request.slug)
  const secretUrl = async () => String(JSON.parse(await readFile(secretFile(), 'utf8')).url)
  const stepsOf = (workspaceId: unknown) =>
    ledger`select step, status, attempts from provisioning.steps
           where workspace_id = ${String(workspaceId)} order by started_at, step`
  const exists = async () => {
    const { database, role } = workspaceNames(request.slug)
    const databases = await owner`select from pg_database where datname = ${database}`
    const roles = await owner`select from pg_roles where rolname = ${role}`
    return { database: databases.length === 1, role: roles.length === 1 }
  }

  test('builds a database that its owner, and nobody else, can enter', async () => {
    const provisioning = await start()
    const workspace = outputOf(await provisioning.call('create_workspace', request))
    const names = workspaceNames(request.slug)
    expect(workspace).toMatchObject({
      status: 'ready',
      region: 'eu',
      database: names.database,
      role: names.role,
      connection: `secret:provisioning/${request.slug}`,
      url: `https://${request.slug}.workspaces.example/`,
    })
    expect(workspace.workspace_id).toMatch(/^ws_[0-9a-f]{32}$/)

    const tenant = postgres(await secretUrl(), { max: 1 })
    const members = await tenant`select name, email, role from members`
    await tenant.end()
    expect([...members]).toEqual([{ name: 'Ada Lovelace', email: 'ada@acme.example', role: 'owner' }])

    const [role] = await owner`select rolsuper, rolcreatedb, rolcreaterole, rolconnlimit from pg_roles
                               where rolname = ${names.role}`
    expect(role).toEqual({ rolsuper: false, rolcreatedb: false, rolcreaterole: false, rolconnlimit: 5 })
  })

  test('keeps one workspace out of the database of another', async () => {
    const provisioning = await start()
    const first = outputOf(await provisioning.call('create_workspace', request))
    const other = { ...request, organization_id: `${request.organization_id}-2`, slug: `t${suffix}-${++count}` }
    outputOf(await provisioning.call('create_workspace', other))
    const stranger = new URL(String(JSON.parse(await readFile(join(dataFolder, 'secrets', other.slug), 'utf8')).url))
    stranger.pathname = `/${String(first.database)}`
    const sql = postgres(stranger.href, { max: 1, onnotice: () => undefined })
    await expect(sql`select 1`).rejects.toMatchObject({ code: '42501' })
    await sql.end()
  })

  test('tells every step as progress', async () => {
    const provisioning = await start()
    const told: string[] = []
    const onProgress = ({
      progress,
      total,
      message,
    }: {
      progress: number
      total?: number | undefined
      message?: string | undefined
    }) => told.push(`${progress}/${total} ${message}`)
    await provisioning.call('create_workspace', request, { onProgress })
    expect(told).toEqual([
      '0/6 Create the owner role',
      '1/6 Let the provisioner act as the owner',
      '2/6 Create the database',
      '3/6 Keep everybody else out',
      '4/6 Create the starter schema',
      '5/6 Log in as the owner and read back',
      '6/6 Ready',
    ])
  })

  test('returns the same workspace for the same key, even when both calls run at once', async () => {
    const [one, two] = [await start(), await start()]
    const create = (provisioning: TestServer) =>
      provisioning.call('create_workspace', request, { idempotencyKey: `same-${suffix}` })
    const [first, second] = await Promise.all([create(one), create(two)])
    expect(outputOf(second)).toEqual(outputOf(first))
    const steps = await stepsOf(outputOf(first).workspace_id)
    expect(steps.map(({ attempts }) => attempts)).toEqual([1, 1, 1, 1, 1, 1])
  })

  test('refuses a key that was used for another workspace, and a second workspace of an organization', async () => {
    const provisioning = await start()
    await provisioning.call('create_workspace', request, { idempotencyKey: `k-${suffix}` })
    const changed = { ...request, region: 'us' }
    const reused = await provisioning.call('create_workspace', changed, { idempotencyKey: `k-${suffix}` })
    expect(failureOf(reused).kind).toBe('conflict')
    const again = failureOf(await provisioning.call('create_workspace', request))
    expect(again.kind).toBe('conflict')
    expect(again.issues?.map(({ path }) => path)).toEqual(['/organization_id', '/slug'])
  })

  test('says what exists when a step fails, and goes on there when repeated', async () => {
    const provisioning = await start({ REMIT_FAULT: 'partial' })
    const create = () => provisioning.call('create_workspace', request, { idempotencyKey: `partial-${suffix}` })
    const failure = failureOf(await create())
    expect(failure).toMatchObject({
      kind: 'unavailable',
      done: { status: 'building', steps: ['role', 'membership', 'database', 'isolation'] },
    })
    const workspace = outputOf(await create())
    expect(workspace.status).toBe('ready')
    expect([...(await stepsOf(workspace.workspace_id))]).toEqual([
      { step: 'role', status: 'finished', attempts: 1 },
      { step: 'membership', status: 'finished', attempts: 1 },
      { step: 'database', status: 'finished', attempts: 1 },
      { step: 'isolation', status: 'finished', attempts: 1 },
      { step: 'schema', status: 'finished', attempts: 2 },
      { step: 'verify', status: 'finished', attempts: 1 },
    ])
  })

  test('finds a half-made workspace, and removes it', async () => {
    const provisioning = await start({ REMIT_FAULT: 'broken' })
    const failure = failureOf(await provisioning.call('create_workspace', request))
    expect(failure.kind).toBe('internal')
    const { organization_id } = request
    const found = outputOf(await provisioning.call('find_workspace', { organization_id }))
    expect(found).toMatchObject({ status: 'building', workspace_id: (failure.done as JsonObject).workspace_id })
    expect(await exists()).toEqual({ database: true, role: true })

    const { workspace_id = '' } = found
    expect(outputOf(await provisioning.call('delete_workspace', { workspace_id }))).toMatchObject({ deleted: true })
    expect(await exists()).toEqual({ database: false, role: false })
    const steps = await stepsOf(workspace_id)
    expect(new Set(steps.map(({ status }) => status))).toEqual(new Set(['undone']))
  })

  test('completes a build whose process died, whatever the step it died in', async () => {
    const provisioning = await start()
    const create = () => provisioning.call('create_workspace', request, { idempotencyKey: `died-${suffix}` })
    const workspaceId = String(outputOf(await create()).workspace_id)
    for (const step of ['verify', 'schema', 'isolation', 'database', 'membership', 'role']) {
      // What a crash leaves: the step is done, or not, but the ledger only knows that it began.
      await ledger`update provisioning.steps set status = 'started', ended_at = null
                   where workspace_id = ${workspaceId} and step = ${step}`
      await ledger`update provisioning.workspaces set status = 'building' where workspace_id = ${workspaceId}`
      expect(outputOf(await create()), step).toMatchObject({ status: 'ready', workspace_id: workspaceId })
    }
    const steps = await stepsOf(workspaceId)
    expect(steps.map(({ status, attempts }) => `${status} ${attempts}`)).toEqual(Array(6).fill('finished 2'))
  })

  test('sets a new password when the stored one was lost', async () => {
    const provisioning = await start()
    const create = () => provisioning.call('create_workspace', request, { idempotencyKey: `lost-${suffix}` })
    await create()
    const before = await secretUrl()
    await rm(secretFile())
    outputOf(await create())
    expect(await secretUrl()).not.toBe(before)
    const tenant = postgres(await secretUrl(), { max: 1 })
    expect(await tenant`select from members`).toHaveLength(1)
    await tenant.end()
  })

  describe('repair_workspace', () => {
    test('finishes a half-made workspace by its id', async () => {
      const broken = await start({ REMIT_FAULT: 'broken' })
      const { done } = failureOf(await broken.call('create_workspace', request))
      const { workspace_id = '' } = done as JsonObject
      const { admin_name, admin_email } = request
      const provisioning = await start()
      const repaired = outputOf(await provisioning.call('repair_workspace', { workspace_id, admin_name, admin_email }))
      expect(repaired).toEqual(outputOf(await provisioning.call('get_workspace', { workspace_id })))
      expect(repaired.status).toBe('ready')
      const tenant = postgres(await secretUrl(), { max: 1 })
      expect([...(await tenant`select email, role from members`)]).toEqual([{ email: admin_email, role: 'owner' }])
      await tenant.end()
    })

    test('asks for the first member where there is none, and changes nothing in the database before it has one', async () => {
      const broken = await start({ REMIT_FAULT: 'broken' })
      const { workspace_id = '' } = failureOf(await broken.call('create_workspace', request)).done as JsonObject
      const provisioning = await start()
      const failure = failureOf(await provisioning.call('repair_workspace', { workspace_id }))
      expect(failure).toMatchObject({
        kind: 'invalid_input',
        issues: [{ path: '/admin_email' }],
        done: { workspace_id, status: 'building', steps: ['role', 'membership', 'database', 'isolation'] },
      })
      const tenant = postgres(await secretUrl(), { max: 1 })
      expect(await tenant`select from pg_tables where schemaname = 'public'`).toHaveLength(0)
      await tenant.end()
    })

    test('restores what a finished workspace has lost, and leaves the rest as it is', async () => {
      const provisioning = await start()
      const made = outputOf(await provisioning.call('create_workspace', request))
      const { workspace_id = '', database = '' } = made
      const before = await secretUrl()
      const tenant = postgres(before, { max: 1 })
      await tenant`insert into projects (name) values ('kept')`
      await tenant.end()
      await owner.unsafe(`grant connect on database ${database} to public`)
      await owner.unsafe(`alter role ${database} nologin`)

      expect(outputOf(await provisioning.call('repair_workspace', { workspace_id }))).toEqual(made)
      expect(await secretUrl()).toBe(before)
      const again = postgres(before, { max: 1 })
      expect([...(await again`select name from projects`)]).toEqual([{ name: 'kept' }])
      expect(await again`select from members`).toHaveLength(1)
      await again.end()
      const [access] = await owner`select has_database_privilege('public', ${String(database)}, 'connect') as open`
      expect(access).toEqual({ open: false })
    })

    test('builds anew a database and a role that somebody dropped', async () => {
      const provisioning = await start()
      const { workspace_id = '', database } = outputOf(await provisioning.call('create_workspace', request))
      await owner.unsafe(`drop database ${database} with (force)`)
      await owner.unsafe(`drop role ${database}`)
      const { admin_name, admin_email } = request
      const repair = () => provisioning.call('repair_workspace', { workspace_id, admin_name, admin_email })
      expect(outputOf(await repair()).status).toBe('ready')
      expect(outputOf(await repair()).status).toBe('ready')
      expect(await exists()).toEqual({ database: true, role: true })
    })

    test('shows the workspace as building while a step of it fails', async () => {
      const { workspace_id = '' } = outputOf(await (await start()).call('create_workspace', request))
      const broken = await start({ REMIT_FAULT: 'broken' })
      expect(failureOf(await broken.call('repair_workspace', { workspace_id })).kind).toBe('internal')
      expect(outputOf(await broken.call('get_workspace', { workspace_id })).status).toBe('building')
    })

    test('finds nothing to repair of a workspace that is not there, or is on its way out', async () => {
      const provisioning = await start()
      const none = failureOf(await provisioning.call('repair_workspace', { workspace_id: 'ws_none' }))
      expect(none).toMatchObject({ kind: 'not_found', issues: [{ path: '/workspace_id' }] })
      const { workspace_id = '' } = outputOf(await provisioning.call('create_workspace', request))
      await ledger`update provisioning.workspaces set status = 'deleting' where workspace_id = ${String(workspace_id)}`
      expect(failureOf(await provisioning.call('repair_workspace', { workspace_id })).kind).toBe('conflict')
    })
  })

  describe('rotate_credentials', () => {
    const enter = async (url: string) => {
      const tenant = postgres(url, { max: 1, onnotice: () => undefined })
      try {
        await tenant`select from members`
      } finally {
        await tenant.end()
      }
    }

    test('makes a new password, in the file as soon as it holds, and the old one opens nothing', async () => {
      const provisioning = await start()
      const { workspace_id = '', connection } = outputOf(await provisioning.call('create_workspace', request))
      const before = await secretUrl()
      const rotated = outputOf(await provisioning.call('rotate_credentials', { workspace_id }))
      expect(rotated).toEqual({ workspace_id, connection, rotated_at: expect.stringMatching(/^\d{4}-.*Z$/) })
      const after = await secretUrl()
      await enter(after)
      await expect(enter(before)).rejects.toMatchObject({ code: '28P01' })
      expect(JSON.stringify(rotated)).not.toContain(new URL(after).password)
      expect((await stat(secretFile())).mode & 0o777).toBe(0o600)
      expect(await readdir(join(dataFolder, 'secrets'))).toContain(request.slug)
      expect(await readdir(join(dataFolder, 'secrets'))).not.toContain(`${request.slug}.staged`)
    })

    test('rotates once per key', async () => {
      const provisioning = await start()
      const { workspace_id = '' } = outputOf(await provisioning.call('create_workspace', request))
      const rotate = (idempotencyKey: string) =>
        provisioning.call('rotate_credentials', { workspace_id }, { idempotencyKey })
      const first = outputOf(await rotate(`rotate-${suffix}-1`))
      const url = await secretUrl()
      expect(outputOf(await rotate(`rotate-${suffix}-1`))).toEqual(first)
      expect(await secretUrl()).toBe(url)
      outputOf(await rotate(`rotate-${suffix}-2`))
      expect(await secretUrl()).not.toBe(url)
    })

    test('completes a rotation whose connection was lost, with a file that opens the workspace', async () => {
      const { workspace_id = '' } = outputOf(await (await start()).call('create_workspace', request))
      let broken = false
      await using wire = await openWire((text, cut) => {
        if (broken || !text.includes('alter role')) return
        broken = true
        cut()
      })
      const cutOff = await start({ DATABASE_URL: wire.through(databaseUrl) })
      const key = { idempotencyKey: `rotate-cut-${suffix}` }
      expect((await cutOff.call('rotate_credentials', { workspace_id }, key)).status).toBe('uncertain')
      const staged = String(JSON.parse(await readFile(`${secretFile()}.staged`, 'utf8')).url)
      outputOf(await (await start()).call('rotate_credentials', { workspace_id }, key))
      await enter(await secretUrl())
      expect(new URL(await secretUrl()).password).toBe(new URL(staged).password)
    })

    test('takes another key’s workspace for a conflict, and asks for a repair of one that is not whole', async () => {
      const provisioning = await start()
      const { workspace_id = '' } = outputOf(await provisioning.call('create_workspace', request))
      const key = { idempotencyKey: `rotate-other-${suffix}` }
      outputOf(await provisioning.call('rotate_credentials', { workspace_id }, key))
      const other = { ...request, organization_id: `${request.organization_id}-2`, slug: `t${suffix}-${++count}` }
      const { workspace_id: second = '' } = outputOf(await provisioning.call('create_workspace', other))
      expect(failureOf(await provisioning.call('rotate_credentials', { workspace_id: second }, key)).kind).toBe(
        'conflict',
      )
      await ledger`update provisioning.workspaces set status = 'building' where workspace_id = ${String(second)}`
      const half = failureOf(await provisioning.call('rotate_credentials', { workspace_id: second }))
      expect(half).toMatchObject({ kind: 'conflict', message: expect.stringContaining('repair it first') })
      expect(failureOf(await provisioning.call('rotate_credentials', { workspace_id: 'ws_none' })).kind).toBe(
        'not_found',
      )
    })
  })

  test('drops a workspace under the feet of its users, once', async () => {
    const provisioning = await start()
    const { workspace_id = '' } = outputOf(await provisioning.call('create_workspace', request))
    const tenant = postgres(await secretUrl(), { max: 1, onnotice: () => undefined })
    await tenant`select 1`
    const remove = () => provisioning.call('delete_workspace', { workspace_id })
    expect(outputOf(await remove())).toEqual({ workspace_id, deleted: true })
    expect(outputOf(await remove())).toEqual({ workspace_id, deleted: false })
    await tenant.end()
    expect(await exists()).toEqual({ database: false, role: false })
    await expect(stat(secretFile())).rejects.toMatchObject({ code: 'ENOENT' })
    expect(failureOf(await provisioning.call('get_workspace', { workspace_id })).kind).toBe('not_found')
  })

  test('does not let a late repeat bring a deleted workspace back, and frees its slug', async () => {
    const provisioning = await start()
    const create = (idempotencyKey: string) => provisioning.call('create_workspace', request, { idempotencyKey })
    const { workspace_id = '' } = outputOf(await create(`late-${suffix}`))
    await provisioning.call('delete_workspace', { workspace_id })
    expect(failureOf(await create(`late-${suffix}`)).kind).toBe('conflict')
    expect(await exists()).toEqual({ database: false, role: false })
    expect(outputOf(await create(`new-${suffix}`)).workspace_id).not.toBe(workspace_id)
  })

  test('neither takes over nor drops a role and a database that are not of the workspace', async () => {
    const { database, role } = workspaceNames(request.slug)
    await owner.unsafe(`create role ${role} login`)
    await owner.unsafe(`create database ${database} owner ${role} template template0`)
    const provisioning = await start()
    const failure = failureOf(await provisioning.call('create_workspace', request))
    expect(failure).toMatchObject({ kind: 'conflict', issues: [{ path: '/slug' }], done: { steps: [] } })
    const { workspace_id = '' } = failure.done as JsonObject
    expect(outputOf(await provisioning.call('delete_workspace', { workspace_id }))).toMatchObject({ deleted: true })
    expect(await exists()).toEqual({ database: true, role: true })
  })

  test('refuses a slug that is none before anything is made', async () => {
    const provisioning = await start()
    const slug = 'x"; drop role postgres; --'
    const failure = failureOf(await provisioning.call('create_workspace', { ...request, slug }))
    expect(failure).toMatchObject({ kind: 'invalid_input', issues: [{ path: '/slug' }] })
    expect(await ledger`select from provisioning.workspaces where slug = ${slug}`).toHaveLength(0)
  })

  test('says unauthorized, and what was done, when the provisioner may not create databases', async () => {
    await owner.unsafe(`alter role ${provisioner} nocreatedb`)
    try {
      const provisioning = await start()
      const failure = failureOf(await provisioning.call('create_workspace', request))
      expect(failure).toMatchObject({
        kind: 'unauthorized',
        vendor_code: '42501',
        done: { steps: ['role', 'membership'] },
      })
    } finally {
      await owner.unsafe(`alter role ${provisioner} createdb`)
    }
  })

  test('keeps the password in its file alone, readable by its owner', async () => {
    const provisioning = await start({ REMIT_FAULT: 'partial' })
    const create = () => provisioning.call('create_workspace', request, { idempotencyKey: `hush-${suffix}` })
    const shown = [await create(), await create(), await provisioning.call('find_workspace', request)]
    const secret = new URL(await secretUrl()).password
    expect(secret.length).toBeGreaterThan(20)
    const stored = await ledger`select to_jsonb(w) as row from provisioning.workspaces w
                                union all select to_jsonb(s) from provisioning.steps s`
    expect(JSON.stringify([...shown, ...stored])).not.toContain(secret)
    expect((await stat(secretFile())).mode & 0o777).toBe(0o600)
    expect((await stat(join(dataFolder, 'secrets'))).mode & 0o777).toBe(0o700)
    expect(await readdir(join(dataFolder, 'secrets'))).not.toContainEqual(expect.stringContaining('.new'))
    const [stand] = await owner`select rolpassword from pg_authid where rolname = ${workspaceNames(request.slug).role}`
    expect(stand?.rolpassword).toMatch(/^SCRAM-SHA-256\$4096:/)
  })

  test('sends the password to Postgres in no statement and no log-in', async () => {
    const sent: string[] = []
    await using wire = await openWire((text) => {
      sent.push(text)
    })
    const provisioning = await start({ DATABASE_URL: wire.through(databaseUrl) })
    outputOf(await provisioning.call('create_workspace', request))
    const secret = new URL(await secretUrl()).password
    expect(sent.join('')).toContain('create role')
    expect(sent.join('')).not.toContain(secret)
  })

  test('is uncertain when the connection is lost under a step, and completes it when repeated', async () => {
    let broken = false
    await using wire = await openWire((text, cut) => {
      if (broken || !text.includes('create database')) return
      broken = true
      cut()
    })
    const provisioning = await start({ DATABASE_URL: wire.through(databaseUrl) })
    const create = () => provisioning.call('create_workspace', request, { idempotencyKey: `wire-${suffix}` })
    const lost = await create()
    expect(lost).toMatchObject({
      status: 'uncertain',
      failure: { kind: 'unavailable', done: { steps: ['role', 'membership'] } },
    })
    expect(outputOf(await create()).status).toBe('ready')
  })

  test('moves the stored URL along when the cluster has moved, with the same password', async () => {
    const provisioning = await start()
    const create = (each: TestServer) => each.call('create_workspace', request, { idempotencyKey: `moved-${suffix}` })
    await create(provisioning)
    const before = new URL(await secretUrl())
    await using wire = await openWire(() => undefined)
    const moved = outputOf(await create(await start({ DATABASE_URL: wire.through(databaseUrl) })))
    const after = new URL(await secretUrl())
    expect(after.password).toBe(before.password)
    expect(after.port).toBe(String(moved.port))
    expect(after.port).not.toBe(before.port)
  })
})

function urlOn(database: string, login?: { user: string; password: string }): string {
  const url = new URL(ownerUrl ?? 'postgres://127.0.0.1/postgres')
  url.pathname = `/${database}`
  if (login) {
    url.username = login.user
    url.password = login.password
  }
  return url.href
}

interface Wire extends AsyncDisposable {
  /** The same URL, by way of this wire. */
  through(url: string): string
}

/** A TCP relay in front of Postgres that shows what is sent there; `cut` resets the connection once it was passed on. */
async function openWire(onSent: (text: string, cut: () => void) => void): Promise<Wire> {
  const target = new URL(ownerUrl ?? '')
  const sockets = new Set<Socket>()
  const relay = createServer((near) => {
    const far = connect(Number(target.port || 5432), target.hostname)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        near.destroy()
        far.destroy()
      })
    }
    near.on('data', (bytes) => {
      far.write(bytes)
      onSent(bytes.toString('latin1'), () => near.resetAndDestroy())
    })
    far.pipe(near)
  }).listen(0, '127.0.0.1')
  await once(relay, 'listening')
  const address = relay.address()
  if (address === null || typeof address === 'string') throw new Error('no TCP address')
  return {
    through: (url) => Object.assign(new URL(url), { host: `127.0.0.1:${address.port}` }).href,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      relay.close()
      await once(relay, 'close')
    },
  }
}

function outputOf(outcome: ToolOutcome): JsonObject {
  if (outcome.status !== 'succeeded') throw new Error(`expected a success, got ${JSON.stringify(outcome)}`)
  return outcome.output
}

function failureOf(outcome: ToolOutcome) {
  if (outcome.status === 'succeeded') throw new Error(`expected a failure, got ${JSON.stringify(outcome)}`)
  return outcome.failure
}
