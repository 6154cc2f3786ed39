import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Fate, onceSent } from '../../test/support/rough-proxy.ts'
import { describeOnCluster, enter, failureOf, outputOf } from './fixtures/test-cluster.ts'

const reset: Fate = { ending: 'reset', arrives: true }

describeOnCluster('rotate_credentials', (cluster) => {
  const stagedFile = () => join(cluster.dataFolder, 'staged-secrets', cluster.request.slug)

  test('makes a new password, in the file as soon as it holds, and the old one opens nothing', async () => {
    const provisioning = await cluster.start()
    const { workspace_id = '', connection } = outputOf(await provisioning.call('create_workspace', cluster.request))
    const before = await cluster.secretUrl()
    const rotated = outputOf(await provisioning.call('rotate_credentials', { workspace_id }))
    expect(rotated).toEqual({ workspace_id, connection, rotated_at: expect.stringMatching(/^\d{4}-.*Z$/) })
    const after = await cluster.secretUrl()
    await enter(after)
    await expect(enter(before)).rejects.toMatchObject({ code: '28P01' })
    expect(JSON.stringify(rotated)).not.toContain(new URL(after).password)
    expect((await stat(cluster.secretFile())).mode & 0o777).toBe(0o600)
    expect(await readdir(join(cluster.dataFolder, 'secrets'))).toContain(cluster.request.slug)
    expect(await readdir(join(cluster.dataFolder, 'staged-secrets'))).toEqual([])
  })

  test('rotates once per key', async () => {
    const provisioning = await cluster.start()
    const { workspace_id = '' } = outputOf(await provisioning.call('create_workspace', cluster.request))
    const rotate = (idempotencyKey: string) =>
      provisioning.call('rotate_credentials', { workspace_id }, { idempotencyKey })
    const first = outputOf(await rotate(`rotate-${cluster.suffix}-1`))
    const url = await cluster.secretUrl()
    expect(outputOf(await rotate(`rotate-${cluster.suffix}-1`))).toEqual(first)
    expect(await cluster.secretUrl()).toBe(url)
    outputOf(await rotate(`rotate-${cluster.suffix}-2`))
    expect(await cluster.secretUrl()).not.toBe(url)
  })

  test('completes a rotation whose connection was lost, with a file that opens the workspace', async () => {
    const { workspace_id = '' } = outputOf(await (await cluster.start()).call('create_workspace', cluster.request))
    await using proxy = await cluster.openProxy(onceSent('alter role', reset))
    const cutOff = await cluster.start({ DATABASE_URL: proxy.through(cluster.databaseUrl) })
    const key = { idempotencyKey: `rotate-cut-${cluster.suffix}` }
    expect((await cutOff.call('rotate_credentials', { workspace_id }, key)).status).toBe('uncertain')
    const staged = String(JSON.parse(await readFile(stagedFile(), 'utf8')).url)
    outputOf(await (await cluster.start()).call('rotate_credentials', { workspace_id }, key))
    await enter(await cluster.secretUrl())
    expect(new URL(await cluster.secretUrl()).password).toBe(new URL(staged).password)
  })

  const crashed = async (key: string) => {
    // What a crash before the ledger's last word leaves.
    await cluster.ledger`update provisioning.rotations set finished_at = null where idempotency_key = ${key}`
  }

  test('makes no other password after a crash that came when all was done but the ledger’s last word', async () => {
    const provisioning = await cluster.start()
    const { workspace_id = '' } = outputOf(await provisioning.call('create_workspace', cluster.request))
    const key = `rotate-done-${cluster.suffix}`
    const rotate = () => provisioning.call('rotate_credentials', { workspace_id }, { idempotencyKey: key })
    outputOf(await rotate())
    const url = await cluster.secretUrl()
    await crashed(key)
    outputOf(await rotate())
    expect(await cluster.secretUrl()).toBe(url)
    await enter(url)
  })

  test('leaves a workspace that opens after a crash before Postgres heard of the new password', async () => {
    const { workspace_id = '' } = outputOf(await (await cluster.start()).call('create_workspace', cluster.request))
    const before = await cluster.secretUrl()
    await using proxy = await cluster.openProxy(onceSent('insert into provisioning.rotations', reset))
    const cutOff = await cluster.start({ DATABASE_URL: proxy.through(cluster.databaseUrl) })
    const key = { idempotencyKey: `rotate-early-${cluster.suffix}` }
    expect((await cutOff.call('rotate_credentials', { workspace_id }, key)).status).toBe('uncertain')
    await enter(before)
    outputOf(await (await cluster.start()).call('rotate_credentials', { workspace_id }, key))
    await enter(await cluster.secretUrl())
    await expect(enter(before)).rejects.toMatchObject({ code: '28P01' })
  })

  test('ends with a file that opens the workspace, whoever else rotates or repairs before the repeat', async () => {
    const { workspace_id = '' } = outputOf(await (await cluster.start()).call('create_workspace', cluster.request))
    for (const other of ['rotate_credentials', 'repair_workspace']) {
      await using proxy = await cluster.openProxy(onceSent('alter role', reset))
      const key = { idempotencyKey: `rotate-${other}-${cluster.suffix}` }
      const cutOff = await cluster.start({ DATABASE_URL: proxy.through(cluster.databaseUrl) })
      expect((await cutOff.call('rotate_credentials', { workspace_id }, key)).status).toBe('uncertain')
      const provisioning = await cluster.start()
      outputOf(await provisioning.call(other, { workspace_id }))
      await enter(await cluster.secretUrl())
      outputOf(await provisioning.call('rotate_credentials', { workspace_id }, key))
      await enter(await cluster.secretUrl())
    }
  })

  test('of two at once, both succeed one after the other, and the file has the last password', async () => {
    const [one, two] = [await cluster.start(), await cluster.start()]
    const { workspace_id = '' } = outputOf(await one.call('create_workspace', cluster.request))
    const rotated = await Promise.all([one, two].map((each) => each.call('rotate_credentials', { workspace_id })))
    rotated.map(outputOf)
    await enter(await cluster.secretUrl())
  })

  test('takes another key’s workspace for a conflict, and asks for a repair of one that is not whole', async () => {
    const provisioning = await cluster.start()
    const { workspace_id = '' } = outputOf(await provisioning.call('create_workspace', cluster.request))
    const key = { idempotencyKey: `rotate-other-${cluster.suffix}` }
    outputOf(await provisioning.call('rotate_credentials', { workspace_id }, key))
    const other = cluster.another()
    const { workspace_id: second = '' } = outputOf(await provisioning.call('create_workspace', other))
    expect(failureOf(await provisioning.call('rotate_credentials', { workspace_id: second }, key)).kind).toBe(
      'conflict',
    )
    await cluster.ledger`update provisioning.workspaces set status = 'building' where workspace_id = ${String(second)}`
    const half = failureOf(await provisioning.call('rotate_credentials', { workspace_id: second }))
    expect(half).toMatchObject({ kind: 'conflict', message: expect.stringContaining('repair it first') })
    expect(failureOf(await provisioning.call('rotate_credentials', { workspace_id: 'ws_none' })).kind).toBe('not_found')
  })
})
