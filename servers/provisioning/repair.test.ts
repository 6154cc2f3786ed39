import postgres from 'postgres'
import { expect, test } from 'vitest'
import type { JsonObject } from '../../shared/json.ts'
import { describeOnCluster, failureOf, outputOf } from './fixtures/test-cluster.ts'

describeOnCluster('repair_workspace', (cluster) => {
  test('finishes a half-made workspace by its id', async () => {
    const broken = await cluster.start({ REMIT_FAULT: 'broken' })
    const { done } = failureOf(await broken.call('create_workspace', cluster.request))
    const { workspace_id = '' } = done as JsonObject
    const { admin_name, admin_email } = cluster.request
    const provisioning = await cluster.start()
    const repaired = outputOf(await provisioning.call('repair_workspace', { workspace_id, admin_name, admin_email }))
    expect(repaired).toEqual(outputOf(await provisioning.call('get_workspace', { workspace_id })))
    expect(repaired.status).toBe('ready')
    const tenant = postgres(await cluster.secretUrl(), { max: 1 })
    expect([...(await tenant`select email, role from members`)]).toEqual([{ email: admin_email, role: 'owner' }])
    await tenant.end()
  })

  test('asks for the first member where there is none, and changes nothing in the database before it has one', async () => {
    const broken = await cluster.start({ REMIT_FAULT: 'broken' })
    const { workspace_id = '' } = failureOf(await broken.call('create_workspace', cluster.request)).done as JsonObject
    const provisioning = await cluster.start()
    const failure = failureOf(await provisioning.call('repair_workspace', { workspace_id }))
    expect(failure).toMatchObject({
      kind: 'invalid_input',
      issues: [{ path: '/admin_email' }],
      done: { workspace_id, status: 'building', steps: ['role', 'membership', 'database', 'isolation'] },
    })
    const tenant = postgres(await cluster.secretUrl(), { max: 1 })
    expect(await tenant`select from pg_tables where schemaname = 'public'`).toHaveLength(0)
    await tenant.end()
  })

  test('restores what a finished workspace has lost, and leaves the rest as it is', async () => {
    const provisioning = await cluster.start()
    const made = outputOf(await provisioning.call('create_workspace', cluster.request))
    const { workspace_id = '', database = '' } = made
    const before = await cluster.secretUrl()
    const tenant = postgres(before, { max: 1 })
    await tenant`insert into projects (name) values ('kept')`
    await tenant.end()
    await cluster.owner.unsafe(`grant connect on database ${database} to public`)
    await cluster.owner.unsafe(`alter role ${database} nologin`)

    expect(outputOf(await provisioning.call('repair_workspace', { workspace_id }))).toEqual(made)
    expect(await cluster.secretUrl()).toBe(before)
    const again = postgres(before, { max: 1 })
    expect([...(await again`select name from projects`)]).toEqual([{ name: 'kept' }])
    expect(await again`select from members`).toHaveLength(1)
    await again.end()
    const [access] =
      await cluster.owner`select has_database_privilege('public', ${String(database)}, 'connect') as open`
    expect(access).toEqual({ open: false })
  })

  test('builds anew a database and a role that somebody dropped', async () => {
    const provisioning = await cluster.start()
    const { workspace_id = '', database } = outputOf(await provisioning.call('create_workspace', cluster.request))
    await cluster.owner.unsafe(`drop database ${database} with (force)`)
    await cluster.owner.unsafe(`drop role ${database}`)
    const { admin_name, admin_email } = cluster.request
    const repair = () => provisioning.call('repair_workspace', { workspace_id, admin_name, admin_email })
    expect(outputOf(await repair()).status).toBe('ready')
    expect(outputOf(await repair()).status).toBe('ready')
    expect(await cluster.exists()).toEqual({ database: true, role: true })
  })

  test('shows the workspace as building while a step of it fails', async () => {
    const { workspace_id = '' } = outputOf(await (await cluster.start()).call('create_workspace', cluster.request))
    const broken = await cluster.start({ REMIT_FAULT: 'broken' })
    expect(failureOf(await broken.call('repair_workspace', { workspace_id })).kind).toBe('internal')
    expect(outputOf(await broken.call('get_workspace', { workspace_id })).status).toBe('building')
  })

  test('finds nothing to repair of a workspace that is not there, or is on its way out', async () => {
    const provisioning = await cluster.start()
    const none = failureOf(await provisioning.call('repair_workspace', { workspace_id: 'ws_none' }))
    expect(none).toMatchObject({ kind: 'not_found', issues: [{ path: '/workspace_id' }] })
    const { workspace_id = '' } = outputOf(await provisioning.call('create_workspace', cluster.request))
    await cluster.ledger`update provisioning.workspaces set status = 'deleting' where workspace_id = ${String(workspace_id)}`
    expect(failureOf(await provisioning.call('repair_workspace', { workspace_id })).kind).toBe('conflict')
  })
})
