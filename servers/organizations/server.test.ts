import { randomBytes } from 'node:crypto'
import { createServer } from 'node:net'
import postgres, { type Sql } from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startServerForTest, type TestServer, type ToolOutcome } from '../../shared/capability/testing.ts'
import type { JsonObject } from '../../shared/json.ts'
import { server } from './server.ts'

const ownerUrl = process.env.REMIT_TEST_DATABASE_URL

describe.skipIf(ownerUrl === undefined)('organizations on a real Postgres (REMIT_TEST_DATABASE_URL)', () => {
  const role = `remit_organizations_${randomBytes(4).toString('hex')}`
  const password = randomBytes(12).toString('hex')
  let owner: Sql
  let database: Sql
  let url: string
  let organizations: TestServer

  beforeAll(async () => {
    owner = postgres(String(ownerUrl), { max: 1, onnotice: () => undefined })
    await owner.unsafe(`create role ${role} login password '${password}' nosuperuser nocreatedb nocreaterole`)
    await owner.unsafe(`create database ${role} template template0`)
    database = postgres(urlOf({ user: 'owner' }), { max: 1, onnotice: () => undefined })
    await database.unsafe(`create schema organizations authorization ${role}`)
    url = urlOf({ user: role, password })
    organizations = await startServerForTest(server, { environment: { DATABASE_URL: url } })
  })

  afterAll(async () => {
    await organizations.close()
    await database.end()
    await owner.unsafe(`drop database ${role} with (force)`)
    await owner.unsafe(`drop role ${role}`)
    await owner.end()
  })

  beforeEach(async () => {
    await database`truncate organizations.organizations cascade`.catch(() => undefined)
  })

  function urlOf(login: { user: 'owner' } | { user: string; password: string }): string {
    const of = new URL(String(ownerUrl))
    of.pathname = `/${role}`
    if ('password' in login) {
      of.username = login.user
      of.password = login.password
    }
    return of.href
  }

  async function create(changes: JsonObject = {}, key?: string): Promise<ToolOutcome> {
    const fields = { ...acme, ...changes }
    const { validated_signup = '' } = outputOf(await organizations.call('validate_signup', fields))
    const options = key === undefined ? {} : { idempotencyKey: key }
    return organizations.call('create_organization', { ...fields, validated_signup }, options)
  }

  test('puts a sign-up into its one spelling', async () => {
    const validated = await organizations.call('validate_signup', {
      ...acme,
      name: '  Acme   GmbH ',
      slug: ' ACME-Labs ',
      domain: 'BÜCHER.example.',
      country: 'de',
      admin_email: ' Ada@Acme.example ',
    })
    expect(outputOf(validated)).toMatchObject({
      name: 'Acme GmbH',
      slug: 'acme-labs',
      domain: 'xn--bcher-kva.example',
      country: 'DE',
      admin_email: 'ada@acme.example',
    })
  })

  test('gives one digest to spellings that mean the same, and another to other sign-ups', async () => {
    const digestOf = async (changes: JsonObject) =>
      outputOf(await organizations.call('validate_signup', { ...acme, ...changes })).validated_signup
    expect(await digestOf({ slug: ' ACME ' })).toBe(await digestOf({}))
    expect(await digestOf({ seats: 24 })).not.toBe(await digestOf({}))
  })

  test('names every fault of a sign-up by its path at once', async () => {
    const refused = await organizations.call('validate_signup', {
      name: ' ',
      slug: '1x',
      domain: 'https://acme.example',
      country: 'XX',
      plan: 'starter',
      seats: 6,
      admin_name: 'Ada\u0000',
      admin_email: 'ada@',
    })
    const { kind, issues = [] } = failureOf(refused)
    expect(kind).toBe('invalid_input')
    expect(issues.map(({ path }) => path)).toEqual([
      '/name',
      '/slug',
      '/domain',
      '/country',
      '/seats',
      '/admin_name',
      '/admin_email',
    ])
  })

  test('finds nothing wrong with a slug and a domain that another organization has, and keeps to the wish', async () => {
    await create()
    const validated = outputOf(await organizations.call('validate_signup', acme))
    expect(validated).toMatchObject({ slug: 'acme', domain: 'acme.example' })
  })

  test('creates what was validated', async () => {
    const created = outputOf(await create())
    expect(created).toMatchObject({ slug: 'acme', status: 'active', name: 'Acme GmbH', plan: 'team', seats: 25 })
    expect(created.organization_id).toMatch(/^org_[0-9a-f]{32}$/)
  })

  test('refuses to create what differs from what was validated', async () => {
    const { validated_signup = '' } = outputOf(await organizations.call('validate_signup', acme))
    const refused = await organizations.call('create_organization', { ...acme, seats: 26, validated_signup })
    expect(failureOf(refused)).toMatchObject({ kind: 'invalid_input', issues: [{ path: '/validated_signup' }] })
    expect(await database`select from organizations.organizations`).toHaveLength(0)
  })

  test('creates one organization for one key, however often and at once', async () => {
    const { validated_signup = '' } = outputOf(await organizations.call('validate_signup', acme))
    const outcomes = await Promise.all(
      Array.from({ length: 5 }, () =>
        organizations.call('create_organization', { ...acme, validated_signup }, { idempotencyKey: 'k1' }),
      ),
    )
    const ids = outcomes.map((outcome) => outputOf(outcome).organization_id)
    expect(new Set(ids).size).toBe(1)
    expect(await database`select from organizations.organizations`).toHaveLength(1)
  })

  test('refuses a key that was used for another sign-up', async () => {
    await create({}, 'k2')
    const other = await create({ slug: 'other', domain: 'other.example' }, 'k2')
    expect(failureOf(other).kind).toBe('conflict')
  })

  test('gives a wish that is taken the next number, and lets the domain be shared', async () => {
    expect(outputOf(await create({}, 'w1'))).toMatchObject({ slug: 'acme', domain: 'acme.example' })
    expect(outputOf(await create({}, 'w2'))).toMatchObject({ slug: 'acme-2', domain: 'acme.example' })
    expect(outputOf(await create({ slug: 'acme-2' }, 'w3'))).toMatchObject({ slug: 'acme-2-2' })
    expect(outputOf(await create({}, 'w4'))).toMatchObject({ slug: 'acme-3' })
  })

  test('gives every one of ten keys that race for a slug one of its own', async () => {
    const outcomes = await Promise.all(Array.from({ length: 10 }, (_, index) => create({}, `r${index}`)))
    const slugs = outcomes.map((outcome) => String(outputOf(outcome).slug))
    const wanted = ['acme', ...Array.from({ length: 9 }, (_, index) => `acme-${index + 2}`)]
    expect(slugs.sort()).toEqual(wanted.sort())
  })

  test('takes the next slug when the one that it found free is lost before it is written', async () => {
    await create({}, 'f1')
    const { waiting } = await database.begin(async (transaction) => {
      // Not committed, so the search does not see it; the unique index does, and waits.
      await transaction`update organizations.organizations set slug = 'acme-2'`
      const waiting = create({ slug: 'acme-2' }, 'f2')
      const isBlocked = async () =>
        (await owner`select from pg_stat_activity where usename = ${role} and wait_event_type = 'Lock'`).length > 0
      await expect.poll(isBlocked).toBe(true)
      // Wrapped, because a bare promise would be awaited before the commit that it waits for.
      return { waiting }
    })
    expect(outputOf(await waiting).slug).toBe('acme-2-2')
  })

  test('returns to a repeated key its own organization, whatever became of the slugs', async () => {
    const first = outputOf(await create({}, 'o1'))
    const second = outputOf(await create({}, 'o2'))
    await organizations.call('delete_organization', { organization_id: String(first.organization_id) })
    expect(outputOf(await create({}, 'o2'))).toEqual(second)
  })

  test('keeps a wish of 32 characters within 32 when it needs a number', async () => {
    const slug = `a${'b'.repeat(31)}`
    await create({ slug }, 'l1')
    const second = outputOf(await create({ slug }, 'l2')).slug
    expect(second).toBe(`a${'b'.repeat(29)}-2`)
    expect((await organizations.call('validate_signup', { ...acme, slug: String(second) })).status).toBe('succeeded')
  })

  test('finds the first free slug behind hundreds that are taken', async () => {
    await create()
    await database`
      insert into organizations.organizations
        (organization_id, idempotency_key, signup_digest, slug, name, country, plan, seats, admin_name, admin_email)
      select 'org_' || n, 'many-' || n, '', 'acme-' || n, 'Acme', 'DE', 'team', 1, 'Ada', 'ada@acme.example'
      from generate_series(2, 250) as n where n <> 207`
    expect(outputOf(await create()).slug).toBe('acme-207')
    expect(outputOf(await create()).slug).toBe('acme-251')
  })

  test('reads an organization by id and by slug, and says not_found of others', async () => {
    const created = outputOf(await create())
    const { organization_id = '' } = created
    expect(outputOf(await organizations.call('get_organization', { organization_id }))).toEqual(created)
    expect(outputOf(await organizations.call('find_organization', { slug: 'Acme' }))).toEqual(created)
    expect(failureOf(await organizations.call('find_organization', { slug: 'nobody' })).kind).toBe('not_found')
    expect(failureOf(await organizations.call('get_organization', { organization_id: 'org_0' })).kind).toBe('not_found')
  })

  test('changes only what is asked, and tells the terms before it', async () => {
    const { organization_id = '' } = outputOf(await create())
    const changed = outputOf(await organizations.call('update_organization', { organization_id, seats: 50 }))
    expect(changed).toMatchObject({
      name: 'Acme GmbH',
      seats: 50,
      previous: { name: 'Acme GmbH', plan: 'team', seats: 25 },
    })
  })

  test('returns the terms before the first attempt when a change is repeated', async () => {
    const { organization_id = '' } = outputOf(await create())
    const change = () =>
      organizations.call('update_organization', { organization_id, seats: 50 }, { idempotencyKey: 'c1' })
    await change()
    expect(outputOf(await change())).toMatchObject({ seats: 50, previous: { seats: 25 } })
    const other = { organization_id, seats: 51 }
    expect(failureOf(await organizations.call('update_organization', other, { idempotencyKey: 'c1' })).kind).toBe(
      'conflict',
    )
  })

  test('refuses a plan that is too small for the seats', async () => {
    const { organization_id = '' } = outputOf(await create())
    const refused = await organizations.call('update_organization', { organization_id, plan: 'starter' })
    expect(failureOf(refused)).toMatchObject({ kind: 'invalid_input', issues: [{ path: '/seats' }] })
    expect(outputOf(await organizations.call('get_organization', { organization_id })).plan).toBe('team')
  })

  test('deletes once, succeeds again, and frees the slug', async () => {
    const { organization_id = '' } = outputOf(await create({}, 'd1'))
    const remove = () => organizations.call('delete_organization', { organization_id })
    expect(outputOf(await remove())).toEqual({ organization_id, deleted: true })
    expect(outputOf(await remove())).toEqual({ organization_id, deleted: false })
    expect(outputOf(await create({}, 'd2')).slug).toBe('acme')
  })

  test('forgets the people of a deleted organization and does not let a late repeat bring it back', async () => {
    const { organization_id = '' } = outputOf(await create({}, 'e1'))
    await organizations.call('delete_organization', { organization_id })
    const [row] =
      await database`select to_jsonb(o) - 'organization_id' - 'signup_digest' as kept from organizations.organizations o`
    expect(row?.kept).toMatchObject({ status: 'deleted', name: '', admin_name: '', admin_email: '' })
    expect(JSON.stringify(row)).not.toMatch(/ada/i)
    expect(failureOf(await create({}, 'e1')).kind).toBe('conflict')
  })

  test('lets domains be shared in tables that were made when they could not', async () => {
    await database`create unique index organizations_domain on organizations.organizations (domain)`
    const later = await startServerForTest(server, { environment: { DATABASE_URL: url } })
    await later.call('find_organization', { slug: 'nobody' })
    await later.close()
    expect((await create({}, 'm1')).status).toBe('succeeded')
    expect((await create({}, 'm2')).status).toBe('succeeded')
  })

  test('starts twice at once on an empty schema', async () => {
    await database.unsafe('drop table organizations.changes; drop table organizations.organizations')
    const servers = await Promise.all(
      [1, 2, 3].map(() => startServerForTest(server, { environment: { DATABASE_URL: url } })),
    )
    const found = await Promise.all(servers.map((each) => each.call('find_organization', { slug: 'nobody' })))
    await Promise.all(servers.map((each) => each.close()))
    expect(found.map((outcome) => failureOf(outcome).kind)).toEqual(['not_found', 'not_found', 'not_found'])
  })

  test('says unauthorized, without the password, when the login is refused', async () => {
    const wrong = urlOf({ user: role, password: 'wrong-password' })
    const refused = await startServerForTest(server, { environment: { DATABASE_URL: wrong } })
    const failure = failureOf(await refused.call('find_organization', { slug: 'acme' }))
    await refused.close()
    expect(failure).toMatchObject({ kind: 'unauthorized', vendor_code: '28P01' })
    expect(JSON.stringify(failure)).not.toContain('wrong-password')
  })
})

test('says unavailable, without the password, when Postgres cannot be reached', async () => {
  const environment = { DATABASE_URL: `postgres://someone:top-secret@127.0.0.1:${await closedPort()}/remit` }
  const alone = await startServerForTest(server, { environment })
  const failure = failureOf(await alone.call('find_organization', { slug: 'acme' }))
  await alone.close()
  expect(failure).toMatchObject({ kind: 'unavailable', vendor_code: 'ECONNREFUSED' })
  expect(JSON.stringify(failure)).not.toContain('top-secret')
})

const acme = {
  name: 'Acme GmbH',
  slug: 'acme',
  domain: 'acme.example',
  country: 'DE',
  plan: 'team',
  seats: 25,
  admin_name: 'Ada Lovelace',
  admin_email: 'ada@acme.example',
}

function outputOf(outcome: ToolOutcome): JsonObject {
  if (outcome.status !== 'succeeded') throw new Error(`expected a success, got ${JSON.stringify(outcome)}`)
  return outcome.output
}

function failureOf(outcome: ToolOutcome) {
  if (outcome.status === 'succeeded') throw new Error(`expected a failure, got ${JSON.stringify(outcome)}`)
  return outcome.failure
}

/** A port on which nothing listens: the system gave it out a moment ago and it was closed again. */
async function closedPort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => listener.once('listening', resolve))
  const address = listener.address()
  await new Promise((resolve) => listener.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no TCP address')
  return address.port
}
