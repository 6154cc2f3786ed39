import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { TestServer } from '../../shared/capability/testing.ts'
import type { JsonObject } from '../../shared/json.ts'
import { type Fate, onceSent } from '../../test/support/rough-proxy.ts'
import { describeOnCluster, enter, failureOf, outputOf } from './fixtures/test-cluster.ts'
import { workspaceNames } from './identifiers.ts'
import { stepNames } from './steps.ts'

const nothing = { database: false, role: false }
const whole = { database: true, role: true }

const reset: Fate = { ending: 'reset', arrives: true }

describeOnCluster('a workspace of which any part is missing', (cluster) => {
  const admin = () => {
    const { admin_name, admin_email } = cluster.request
    return { admin_name, admin_email }
  }

  /** A workspace that was built up to a step. */
  async function builtUpTo(step: string): Promise<{ workspace_id: string; done: JsonObject }> {
    const broken = await cluster.start({ REMIT_FAULT: 'broken', REMIT_FAULT_STEP: step })
    const failure = failureOf(await broken.call('create_workspace', cluster.request))
    const done = failure.done as JsonObject
    return { workspace_id: String(done.workspace_id), done }
  }

  async function expectNothingLeft(workspaceId: string): Promise<void> {
    expect(await cluster.exists()).toEqual(nothing)
    for (const folder of ['secrets', 'staged-secrets']) {
      const kept = await readdir(join(cluster.dataFolder, folder)).catch(() => [])
      expect(kept).not.toContain(cluster.request.slug)
    }
    const steps = await cluster.stepsOf(workspaceId)
    expect(steps.filter(({ status }) => status !== 'undone' && status !== 'failed')).toEqual([])
  }

  describe.each(stepNames)('because "%s" fails', (step) => {
    test('once: a repeat with the same key goes on there', async () => {
      const provisioning = await cluster.start({ REMIT_FAULT: 'partial', REMIT_FAULT_STEP: step })
      const key = { idempotencyKey: `partial-${step}-${cluster.suffix}` }
      const failure = failureOf(await provisioning.call('create_workspace', cluster.request, key))
      expect(failure).toMatchObject({
        kind: 'unavailable',
        done: { status: 'building', steps: stepNames.slice(0, stepNames.indexOf(step)) },
      })
      expect(outputOf(await provisioning.call('create_workspace', cluster.request, key)).status).toBe('ready')
      expect(await enter(await cluster.secretUrl())).toEqual([{ email: 'ada@acme.example', role: 'owner' }])
    })

    test('always: a repair finishes what is missing', async () => {
      const { workspace_id } = await builtUpTo(step)
      const provisioning = await cluster.start()
      const repaired = outputOf(await provisioning.call('repair_workspace', { workspace_id, ...admin() }))
      expect(repaired).toMatchObject({ workspace_id, status: 'ready' })
      expect(await enter(await cluster.secretUrl())).toEqual([{ email: 'ada@acme.example', role: 'owner' }])
    })

    test('always: a removal leaves nothing', async () => {
      const { workspace_id } = await builtUpTo(step)
      const provisioning = await cluster.start()
      expect(outputOf(await provisioning.call('delete_workspace', { workspace_id }))).toMatchObject({ deleted: true })
      await expectNothingLeft(workspace_id)
    })
  })

  test.each([
    ['the note that a step begins', 'steps', "new.step = 'membership'", ['role']],
    ['the note that a step is done', 'steps', "new.step = 'schema' and new.status = 'finished'", stepNames.slice(0, 4)],
    ['the note that all is ready', 'workspaces', "new.status = 'ready'", [...stepNames]],
  ])(
    'because %s cannot be made: the failure says what is there, and a removal leaves nothing',
    async (_, table, when, steps) => {
      const provisioning = await cluster.start()
      await cluster.ledger.unsafe(`
      create function provisioning.refuse() returns trigger language plpgsql as
        $$ begin raise exception using errcode = '53300', message = 'too many connections'; end $$;
      create trigger refuse before insert or update on provisioning.${table} for each row when (${when})
        execute function provisioning.refuse()`)
      let failure: ReturnType<typeof failureOf>
      try {
        failure = failureOf(await provisioning.call('create_workspace', cluster.request))
      } finally {
        await cluster.ledger.unsafe('drop function provisioning.refuse() cascade')
      }
      expect(failure).toMatchObject({ kind: 'unavailable', vendor_code: '53300', done: { status: 'building', steps } })
      const { workspace_id = '' } = failure.done as JsonObject
      expect((await cluster.exists()).role).toBe(true)
      outputOf(await provisioning.call('delete_workspace', { workspace_id }))
      await expectNothingLeft(String(workspace_id))
    },
  )

  test.each([
    ['the membership', (role: string, by: string) => `revoke ${role} from ${by} granted by ${by}`],
    ['the log-in', (role: string) => `alter role ${role} nologin`],
  ])('because somebody took %s away: it is removed all the same, and repaired as well', async (_, statement) => {
    for (const tool of ['repair_workspace', 'delete_workspace']) {
      const provisioning = await cluster.start()
      const key = { idempotencyKey: `taken-${tool}-${cluster.suffix}-${cluster.request.slug}` }
      const { workspace_id = '', role } = outputOf(await provisioning.call('create_workspace', cluster.request, key))
      const { username } = new URL(cluster.databaseUrl)
      await cluster.owner.unsafe(statement(String(role), username))
      outputOf(await provisioning.call(tool, { workspace_id }))
      expect(await cluster.exists()).toEqual(tool === 'repair_workspace' ? whole : nothing)
      if (tool === 'repair_workspace') {
        await enter(await cluster.secretUrl())
        outputOf(await provisioning.call('delete_workspace', { workspace_id }))
      }
    }
  })

  test.each(['drop database', 'drop role', 'status = $1, updated_at = now() where workspace_id = $2'])(
    'because its removal was cut off at "%s": a repeat removes the rest',
    async (statement) => {
      const { workspace_id = '' } = outputOf(await (await cluster.start()).call('create_workspace', cluster.request))
      await using proxy = await cluster.openProxy(onceSent(statement, reset))
      const cutOff = await cluster.start({ DATABASE_URL: proxy.through(cluster.databaseUrl) })
      expect((await cutOff.call('delete_workspace', { workspace_id })).status).toBe('uncertain')
      outputOf(await (await cluster.start()).call('delete_workspace', { workspace_id }))
      await expectNothingLeft(String(workspace_id))
    },
  )
})

describeOnCluster('two at once', (cluster) => {
  const both = async (work: (server: TestServer, index: number) => ReturnType<TestServer['call']>) => {
    const servers = [await cluster.start(), await cluster.start()]
    return Promise.all(servers.map(work))
  }

  test('with one slug: one builds it, the other is told whose path is taken, and nothing of it is left', async () => {
    const other = { ...cluster.another(), slug: cluster.request.slug }
    const outcomes = await both((server, index) =>
      server.call('create_workspace', index === 0 ? cluster.request : other),
    )
    const [refused] = outcomes.filter(({ status }) => status === 'failed')
    expect(outcomes.filter(({ status }) => status === 'succeeded')).toHaveLength(1)
    expect(refused).toMatchObject({ failure: { kind: 'conflict', issues: [{ path: '/slug' }] } })
    const rows = await cluster.ledger`select from provisioning.workspaces where slug = ${cluster.request.slug}`
    expect(rows).toHaveLength(1)
    expect((await enter(await cluster.secretUrl())).map(({ role }) => role)).toEqual(['owner'])
  })

  test('for one organization: one builds it, the other is told so', async () => {
    const other = { ...cluster.another(), organization_id: cluster.request.organization_id }
    const outcomes = await both((server, index) =>
      server.call('create_workspace', index === 0 ? cluster.request : other),
    )
    const [refused] = outcomes.filter(({ status }) => status === 'failed')
    expect(refused).toMatchObject({ failure: { kind: 'conflict', issues: [{ path: '/organization_id' }] } })
    const { database } = workspaceNames(cluster.request.slug)
    const { database: second } = workspaceNames(other.slug)
    const made = await cluster.owner`select from pg_database where datname in (${database}, ${second})`
    expect(made).toHaveLength(1)
  })

  test('repairing and removing: in whichever order, nothing is left', async () => {
    const broken = await cluster.start({ REMIT_FAULT: 'broken' })
    const { done } = failureOf(await broken.call('create_workspace', cluster.request))
    const { workspace_id = '' } = done as JsonObject
    const { admin_name, admin_email } = cluster.request
    const [repaired, removed] = await both((server, index) =>
      index === 0
        ? server.call('repair_workspace', { workspace_id, admin_name, admin_email })
        : server.call('delete_workspace', { workspace_id }),
    )
    expect(removed).toMatchObject({ status: 'succeeded', output: { deleted: true } })
    expect(repaired?.status === 'succeeded' || repaired?.failure.kind === 'not_found').toBe(true)
    expect(await cluster.exists()).toEqual(nothing)
  })
})
