import { randomUUID } from 'node:crypto'
import { onPostgres } from '../../shared/capability/postgres-failure.ts'
import { CapabilityError } from '../../shared/failure.ts'
import { connect, type Sql, type TransactionSql } from '../../shared/postgres/connect.ts'
import { PostgresError } from '../../shared/postgres/postgres-errors.ts'
import { migrate } from './schema.ts'
import { type Plan, type Signup, signupDigest } from './signup.ts'
import { numberedSlug } from './slug.ts'

/** An organization as it is stored. A deleted one keeps its id and its key, so that a late repeat cannot bring it back. */
export interface Organization {
  organization_id: string
  slug: string
  name: string
  domain: string | null
  country: string
  plan: Plan
  seats: number
  admin_name: string
  admin_email: string
  status: 'active'
  created_at: Date
}

/** What an update may change. */
export interface Terms {
  name: string
  plan: Plan
  seats: number
}

/** What an update did: the organization as it is now, and the terms that it had before. */
export interface Change {
  organization: Organization
  previous: Terms
}

/** The organizations' database. Every method fails with a failure as data and never shows a value of a row in it. */
export interface OrganizationsClient {
  /** Creates the organization of this key under the first free slug after the wish, or returns what the key created. */
  create(key: string, signup: Signup): Promise<Organization>
  find(by: { organization_id: string } | { slug: string }): Promise<Organization | undefined>
  /** Applies the change of this key once; `check` sees the terms as they would become and throws to refuse them. */
  update(key: string, organizationId: string, wanted: Partial<Terms>, check: (terms: Terms) => void): Promise<Change>
  /** True when there was something to delete. */
  delete(organizationId: string): Promise<boolean>
  close(): Promise<void>
}

const reading = { database: 'The organizations database', effect: false }
const writing = { ...reading, effect: true }

/** Connects to the database of a URL and makes the tables if they are not there yet. */
export async function connectOrganizations(url: string): Promise<OrganizationsClient> {
  const sql = connect(url, {
    max: 2,
    name: 'organizations',
    settings: { statement_timeout: '10000' },
    idleSeconds: 30,
  })
  const close = (): Promise<void> => sql.end({ timeout: 2 })
  try {
    // The tables are made with `if not exists`: a lost reply leaves nothing in doubt.
    await onPostgres(reading, () => migrate(sql))
  } catch (error) {
    await close()
    throw error
  }
  return {
    create: (key, signup) => onPostgres(writing, () => create(sql, key, signup)),
    find: (by) => onPostgres(reading, () => find(sql, by)),
    update: (key, id, wanted, check) =>
      onPostgres(writing, () => sql.begin((transaction) => update(transaction, key, id, wanted, check))),
    delete: (id) => onPostgres(writing, () => sql.begin((transaction) => remove(transaction, id))),
    close,
  }
}

async function create(sql: Sql, key: string, signup: Signup): Promise<Organization> {
  const row = {
    ...signup,
    organization_id: `org_${randomUUID().replaceAll('-', '')}`,
    domain: signup.domain ?? null,
    idempotency_key: key,
    signup_digest: signupDigest(signup),
  }
  // Ends: a slug is lost only to an organization that was made in the meantime, and the next search sees that one.
  for (;;) {
    const slug = await firstFreeSlug(sql, signup.slug)
    try {
      return await sql.begin((transaction) => insert(transaction, { ...row, slug }))
    } catch (error) {
      if (!isSlugTaken(error)) throw error
    }
  }
}

async function insert(
  sql: TransactionSql,
  row: { idempotency_key: string; signup_digest: string; slug: string },
): Promise<Organization> {
  const [created] = await sql<Organization[]>`
    insert into organizations.organizations ${sql(row)}
    on conflict (idempotency_key) do nothing returning *`
  return created ?? (await createdBefore(sql, row.idempotency_key, row.signup_digest))
}

/** How many slugs are looked up in one statement. */
const atOnce = 100

/** The first of a wish's slugs that no organization has. It may be taken a moment later: the unique index decides. */
async function firstFreeSlug(sql: Sql, wanted: string): Promise<string> {
  for (let first = 1; ; first += atOnce) {
    const candidates = Array.from({ length: atOnce }, (_, index) => numberedSlug(wanted, first + index))
    const rows = await sql<{ slug: string }[]>`
      select slug from organizations.organizations where status = 'active' and slug in ${sql(candidates)}`
    const taken = new Set(rows.map(({ slug }) => slug))
    const free = candidates.find((slug) => !taken.has(slug))
    if (free !== undefined) return free
  }
}

async function createdBefore(sql: TransactionSql, key: string, wantedDigest: string): Promise<Organization> {
  const [row] = await sql<(Omit<Organization, 'status'> & { status: 'active' | 'deleted'; signup_digest: string })[]>`
    select * from organizations.organizations where idempotency_key = ${key}`
  if (row?.signup_digest !== wantedDigest)
    throw new CapabilityError('conflict', 'This idempotency key created an organization from another sign-up.')
  if (row.status === 'deleted')
    throw new CapabilityError('conflict', `This idempotency key created ${row.organization_id}, which was deleted.`)
  return { ...row, status: row.status }
}

async function find(sql: Sql, by: { organization_id: string } | { slug: string }): Promise<Organization | undefined> {
  const [found] = await sql<Organization[]>`
    select * from organizations.organizations
    where status = 'active' and ${'slug' in by ? sql`slug = ${by.slug}` : sql`organization_id = ${by.organization_id}`}`
  return found
}

async function update(
  sql: TransactionSql,
  key: string,
  organizationId: string,
  wanted: Partial<Terms>,
  check: (terms: Terms) => void,
): Promise<Change> {
  const [current] = await sql<Organization[]>`
    select * from organizations.organizations
    where status = 'active' and organization_id = ${organizationId} for update`
  if (!current) throw notFound({ organization_id: organizationId })
  const [before] = await sql<{ organization_id: string; previous: Terms; wanted: Terms }[]>`
    select organization_id, previous, wanted from organizations.changes where idempotency_key = ${key}`
  if (before) {
    if (before.organization_id !== organizationId || !isSame(before.wanted, wanted))
      throw new CapabilityError('conflict', 'This idempotency key made another change.')
    return { organization: current, previous: before.previous }
  }
  const { name, plan, seats } = current
  const previous: Terms = { name, plan, seats }
  const terms: Terms = { ...previous, ...wanted }
  check(terms)
  const [organization = current] = await sql<Organization[]>`
    update organizations.organizations set ${sql({ ...terms })}, updated_at = now()
    where organization_id = ${organizationId} returning *`
  await sql`insert into organizations.changes (idempotency_key, organization_id, previous, wanted)
    values (${key}, ${organizationId}, ${sql.json({ ...previous })}, ${sql.json({ ...wanted })})`
  return { organization, previous }
}

/** Ends the organization and forgets its people; what stays (id, slug, key) stops a late repeat. */
async function remove(sql: TransactionSql, organizationId: string): Promise<boolean> {
  const { count } = await sql`
    with gone as (delete from organizations.changes where organization_id = ${organizationId})
    update organizations.organizations
    set status = 'deleted', name = '', domain = null, admin_name = '', admin_email = '', updated_at = now()
    where organization_id = ${organizationId} and status = 'active'`
  return count > 0
}

/** The failure of a tool whose organization does not exist. */
export function notFound(by: { organization_id: string } | { slug: string }): CapabilityError {
  const [path, value] = 'slug' in by ? ['/slug', by.slug] : ['/organization_id', by.organization_id]
  return new CapabilityError('not_found', `There is no organization "${value}".`, {
    issues: [{ path, message: 'names no organization that exists' }],
  })
}

function isSame(left: Partial<Terms>, right: Partial<Terms>): boolean {
  return left.name === right.name && left.plan === right.plan && left.seats === right.seats
}

function isSlugTaken(error: unknown): boolean {
  return error instanceof PostgresError && error.code === '23505' && error.constraint_name === 'organizations_slug'
}
