import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import postgres from 'postgres'
import { expect, test } from 'vitest'
import type { TestServer } from '../../shared/capability/testing.ts'
import type { JsonObject } from '../../shared/json.ts'
import { type Fate, onceSent } from '../../test/support/rough-proxy.ts'
import { describeOnCluster, failureOf, outputOf } from './fixtures/test-cluster.ts'
import { workspaceNames } from './identifiers.ts'

const reset: Fate = { ending: 'reset', arrives: true }

describeOnCluster('provisioning', (cluster) => {
  test('builds a database that its owner, and nobody else, can enter', async () => {
    const provisioning = await cluster.start()
    const workspace = outputOf(await provisioning.call('create_workspace', cluster.request))
    const names = workspaceNames(cluster.request.slug)
    expect(workspace).toMatchObject({
      status: 'ready',
      region: 'eu',
      database: names.database,
      role: names.role,
      connection: `secret:provisioning/${cluster.request.slug}`,
      url: `https://${cluster.request.slug}.workspaces.example/`,
    })
    expect(workspace.workspace_id).toMatch(/^ws_[0-9a-f]{32}$/)

    const tenant = postgres(await cluster.secretUrl(), { max: 1 })
    const members = await tenant`select name, email, role from members`
    await tenant.end()
    expect([...members]).toEqual([{ name: 'Ada Lovelace', email: 'ada@acme.example', role: 'owner' }])

    const [role] = await cluster.owner`select rolsuper, rolcreatedb, rolcreaterole, rolconnlimit from pg_roles
                               where rolname = ${names.role}`
    expect(role).toEqual({ rolsuper: false, rolcreatedb: false, rolcreaterole: false, rolconnlimit: 5 })
  })

  test('keeps one workspace out of the database of another', async () => {
    const provisioning = await cluster.start()
    const first = outputOf(await provisioning.call('create_workspace', cluster.request))
    const other = cluster.another()
    outputOf(await provisioning.call('create_workspace', other))
    const stranger = new URL(
      String(JSON.parse(await readFile(join(cluster.dataFolder, 'secrets', other.slug), 'utf8')).url),
    )
    stranger.pathname = `/${String(first.database)}`
    const sql = postgres(stranger.href, { max: 1, onnotice: () => undefined })
    await expect(sql`select 1`).rejects.toMatchObject({ code: '42501' })
    await sql.end()
  })

  test('tells every step as progress', async () => {
    const provisioning = await cluster.start()
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
    await provisioning.call('create_workspace', cluster.request, { onProgress })
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
    const [one, two] = [await cluster.start(), await cluster.start()]
    const create = (provisioning: TestServer) =>
      provisioning.call('create_workspace', cluster.request, { idempotencyKey: `same-${cluster.suffix}` })
    const [first, second] = await Promise.all([create(one), create(two)])
    expect(outputOf(second)).toEqual(outputOf(first))
    const steps = await cluster.stepsOf(outputOf(first).workspace_id)
    expect(steps.map(({ attempts }) => attempts)).toEqual([1, 1, 1, 1, 1, 1])
  })

  test('refuses a key that was used for another workspace, and a second workspace of an organization', async () => {
    const provisioning = await cluster.start()
    await provisioning.call('create_workspace', cluster.request, { idempotencyKey: `k-${cluster.suffix}` })
    const changed = { ...cluster.request, region: 'us' }
    const reused = await provisioning.call('create_workspace', changed, { idempotencyKey: `k-${cluster.suffix}` })
    expect(failureOf(reused).kind).toBe('conflict')
    const again = failureOf(await provisioning.call('create_workspace', cluster.request))
    expect(again.kind).toBe('conflict')
    expect(again.issues?.map(({ path }) => path)).toEqual(['/organization_id', '/slug'])
  })

  test('says what exists when a step fails, and goes on there when repeated', async () => {
    const provisioning = await cluster.start({ REMIT_FAULT: 'partial' })
    const create = () =>
      provisioning.call('create_workspace', cluster.request, { idempotencyKey: `partial-${cluster.suffix}` })
    const failure = failureOf(await create())
    expect(failure).toMatchObject({
      kind: 'unavailable',
      done: { status: 'building', steps: ['role', 'membership', 'database', 'isolation'] },
    })
    const workspace = outputOf(await create())
    expect(workspace.status).toBe('ready')
    expect([...(await cluster.stepsOf(workspace.workspace_id))]).toEqual([
      { step: 'role', status: 'finished', attempts: 1 },
      { step: 'membership', status: 'finished', attempts: 1 },
      { step: 'database', status: 'finished', attempts: 1 },
      { step: 'isolation', status: 'finished', attempts: 1 },
      { step: 'schema', status: 'finished', attempts: 2 },
      { step: 'verify', status: 'finished', attempts: 1 },
    ])
  })

  test('finds a half-made workspace, and removes it', async () => {
    const provisioning = await cluster.start({ REMIT_FAULT: 'broken' })
    const failure = failureOf(await provisioning.call('create_workspace', cluster.request))
    expect(failure.kind).toBe('internal')
    const { organization_id } = cluster.request
    const found = outputOf(await provisioning.call('find_workspace', { organization_id }))
    expect(found).toMatchObject({ status: 'building', workspace_id: (failure.done as JsonObject).workspace_id })
    expect(await cluster.exists()).toEqual({ database: true, role: true })

    const { workspace_id = '' } = found
    expect(outputOf(await provisioning.call('delete_workspace', { workspace_id }))).toMatchObject({ deleted: true })
    expect(await cluster.exists()).toEqual({ database: false, role: false })
    const steps = await cluster.stepsOf(workspace_id)
    expect(new Set(steps.map(({ status }) => status))).toEqual(new Set(['undone']))
  })

  test('completes a build whose process died, whatever the step it died in', async () => {
    const provisioning = await cluster.start()
    const create = () =>
      provisioning.call('create_workspace', cluster.request, { idempotencyKey: `died-${cluster.suffix}` })
    const workspaceId = String(outputOf(await create()).workspace_id)
    for (const step of ['verify', 'schema', 'isolation', 'database', 'membership', 'role']) {
      // What a crash leaves: the step is done, or not, but the ledger only knows that it began.
      await cluster.ledger`update provisioning.steps set status = 'started', ended_at = null
                   where workspace_id = ${workspaceId} and step = ${step}`
      await cluster.ledger`update provisioning.workspaces set status = 'building' where workspace_id = ${workspaceId}`
      expect(outputOf(await create()), step).toMatchObject({ status: 'ready', workspace_id: workspaceId })
    }
    const steps = await cluster.stepsOf(workspaceId)
    expect(steps.map(({ status, attempts }) => `${status} ${attempts}`)).toEqual(Array(6).fill('finished 2'))
  })

  test('sets a new password when the stored one was lost', async () => {
    const provisioning = await cluster.start()
    const create = () =>
      provisioning.call('create_workspace', cluster.request, { idempotencyKey: `lost-${cluster.suffix}` })
    await create()
    const before = await cluster.secretUrl()
    await rm(cluster.secretFile())
    outputOf(await create())
    expect(await cluster.secretUrl()).not.toBe(before)
    const tenant = postgres(await cluster.secretUrl(), { max: 1 })
    expect(await tenant`select from members`).toHaveLength(1)
    await tenant.end()
  })

  test('drops a workspace under the feet of its users, once', async () => {
    const provisioning = await cluster.start()
    const { workspace_id = '' } = outputOf(await provisioning.call('create_workspace', cluster.request))
    const tenant = postgres(await cluster.secretUrl(), { max: 1, onnotice: () => undefined })
    await tenant`select 1`
    const remove = () => provisioning.call('delete_workspace', { workspace_id })
    expect(outputOf(await remove())).toEqual({ workspace_id, deleted: true })
    expect(outputOf(await remove())).toEqual({ workspace_id, deleted: false })
    await tenant.end()
    expect(await cluster.exists()).toEqual({ database: false, role: false })
    await expect(stat(cluster.secretFile())).rejects.toMatchObject({ code: 'ENOENT' })
    expect(failureOf(await provisioning.call('get_workspace', { workspace_id })).kind).toBe('not_found')
  })

  test('does not let a late repeat bring a deleted workspace back, and frees its slug', async () => {
    const provisioning = await cluster.start()
    const create = (idempotencyKey: string) =>
      provisioning.call('create_workspace', cluster.request, { idempotencyKey })
    const { workspace_id = '' } = outputOf(await create(`late-${cluster.suffix}`))
    await provisioning.call('delete_workspace', { workspace_id })
    expect(failureOf(await create(`late-${cluster.suffix}`)).kind).toBe('conflict')
    expect(await cluster.exists()).toEqual({ database: false, role: false })
    expect(outputOf(await create(`new-${cluster.suffix}`)).workspace_id).not.toBe(workspace_id)
  })

  test('neither takes over nor drops a role and a database that are not of the workspace', async () => {
    const { database, role } = workspaceNames(cluster.request.slug)
    await cluster.owner.unsafe(`create role ${role} login`)
    await cluster.owner.unsafe(`create database ${database} owner ${role} template template0`)
    const provisioning = await cluster.start()
    const failure = failureOf(await provisioning.call('create_workspace', cluster.request))
    expect(failure).toMatchObject({ kind: 'conflict', issues: [{ path: '/slug' }], done: { steps: [] } })
    const { workspace_id = '' } = failure.done as JsonObject
    expect(outputOf(await provisioning.call('delete_workspace', { workspace_id }))).toMatchObject({ deleted: true })
    expect(await cluster.exists()).toEqual({ database: true, role: true })
  })

  test('refuses a slug that is none before anything is made', async () => {
    const provisioning = await cluster.start()
    const slug = 'x"; drop role postgres; --'
    const failure = failureOf(await provisioning.call('create_workspace', { ...cluster.request, slug }))
    expect(failure).toMatchObject({ kind: 'invalid_input', issues: [{ path: '/slug' }] })
    expect(await cluster.ledger`select from provisioning.workspaces where slug = ${slug}`).toHaveLength(0)
  })

  test('says unauthorized, and what was done, when the provisioner may not create databases', async () => {
    await cluster.owner.unsafe(`alter role ${new URL(cluster.databaseUrl).username} nocreatedb`)
    try {
      const provisioning = await cluster.start()
      const failure = failureOf(await provisioning.call('create_workspace', cluster.request))
      expect(failure).toMatchObject({
        kind: 'unauthorized',
        vendor_code: '42501',
        done: { steps: ['role', 'membership'] },
      })
    } finally {
      await cluster.owner.unsafe(`alter role ${new URL(cluster.databaseUrl).username} createdb`)
    }
  })

  test('keeps the password in its file alone, readable by its owner', async () => {
    const provisioning = await cluster.start({ REMIT_FAULT: 'partial' })
    const create = () =>
      provisioning.call('create_workspace', cluster.request, { idempotencyKey: `hush-${cluster.suffix}` })
    const shown = [await create(), await create(), await provisioning.call('find_workspace', cluster.request)]
    const secret = new URL(await cluster.secretUrl()).password
    expect(secret.length).toBeGreaterThan(20)
    const stored = await cluster.ledger`select to_jsonb(w) as row from provisioning.workspaces w
                                union all select to_jsonb(s) from provisioning.steps s`
    expect(JSON.stringify([...shown, ...stored])).not.toContain(secret)
    expect((await stat(cluster.secretFile())).mode & 0o777).toBe(0o600)
    expect((await stat(join(cluster.dataFolder, 'secrets'))).mode & 0o777).toBe(0o700)
    expect(await readdir(join(cluster.dataFolder, 'secrets'))).not.toContainEqual(expect.stringContaining('.new'))
    const [stand] =
      await cluster.owner`select rolpassword from pg_authid where rolname = ${workspaceNames(cluster.request.slug).role}`
    expect(stand?.rolpassword).toMatch(/^SCRAM-SHA-256\$4096:/)
  })

  test('sends the password to Postgres in no statement and no log-in', async () => {
    const sent: string[] = []
    await using proxy = await cluster.openProxy((text) => {
      sent.push(text)
      return undefined
    })
    const provisioning = await cluster.start({ DATABASE_URL: proxy.through(cluster.databaseUrl) })
    outputOf(await provisioning.call('create_workspace', cluster.request))
    const secret = new URL(await cluster.secretUrl()).password
    expect(sent.join('')).toContain('create role')
    expect(sent.join('')).not.toContain(secret)
  })

  test('is uncertain when the connection is lost under a step, and completes it when repeated', async () => {
    await using proxy = await cluster.openProxy(onceSent('create database', reset))
    const provisioning = await cluster.start({ DATABASE_URL: proxy.through(cluster.databaseUrl) })
    const create = () =>
      provisioning.call('create_workspace', cluster.request, { idempotencyKey: `wire-${cluster.suffix}` })
    const lost = await create()
    expect(lost).toMatchObject({
      status: 'uncertain',
      failure: { kind: 'unavailable', done: { steps: ['role', 'membership'] } },
    })
    expect(outputOf(await create()).status).toBe('ready')
  })

  test('moves the stored URL along when the cluster has moved, with the same password', async () => {
    const provisioning = await cluster.start()
    const create = (each: TestServer) =>
      each.call('create_workspace', cluster.request, { idempotencyKey: `moved-${cluster.suffix}` })
    await create(provisioning)
    const before = new URL(await cluster.secretUrl())
    await using proxy = await cluster.openProxy()
    const moved = outputOf(await create(await cluster.start({ DATABASE_URL: proxy.through(cluster.databaseUrl) })))
    const after = new URL(await cluster.secretUrl())
    expect(after.password).toBe(before.password)
    expect(after.port).toBe(String(moved.port))
    expect(after.port).not.toBe(before.port)
  })
})
