import { randomUUID } from 'node:crypto'
import { CapabilityError, type Issue } from '../../shared/capability/index.ts'
import type { Sql, TransactionSql } from '../../shared/postgres/connect.ts'
import { errorCode } from '../../shared/postgres/postgres-errors.ts'
import type { WorkspaceNames } from './identifiers.ts'

/** What the ledger knows of a workspace; nothing personal and no password is in it. */
export interface Workspace {
  workspace_id: string
  organization_id: string
  slug: string
  region: Region
  database: string
  role: string
  secret: string
  status: 'building' | 'ready' | 'deleting'
  created_at: Date
}
export type Region = 'eu' | 'us'

/** What is asked for: these three make two requests the same. */
export interface WorkspaceRequest {
  organization_id: string
  slug: string
  region: Region
}

/** The columns of a {@link Workspace}. */
const columns = [
  'workspace_id',
  'organization_id',
  'slug',
  'region',
  'database',
  'role',
  'secret',
  'status',
  'created_at',
] as const

/** Makes the ledger's tables if they are not there yet; servers that start at the same time take turns. */
export async function prepareLedger(sql: Sql): Promise<void> {
  await sql.begin(async (transaction) => {
    await transaction`select pg_advisory_xact_lock(hashtextextended('remit provisioning ledger', 0))`
    await transaction.unsafe(tables)
  })
}

const tables = `
  create schema if not exists provisioning;
  create table if not exists provisioning.workspaces (
    workspace_id text primary key,
    idempotency_key text not null unique,
    organization_id text not null,
    slug text not null,
    region text not null check (region in ('eu', 'us')),
    database text not null,
    role text not null,
    secret text not null,
    status text not null check (status in ('building', 'ready', 'deleting', 'deleted')),
    created_at timestamptz(3) not null default now(),
    updated_at timestamptz(3) not null default now()
  );
  create unique index if not exists workspaces_slug on provisioning.workspaces (slug) where status <> 'deleted';
  create unique index if not exists workspaces_organization on provisioning.workspaces (organization_id) where status <> 'deleted';
  create table if not exists provisioning.steps (
    workspace_id text not null references provisioning.workspaces,
    step text not null,
    status text not null check (status in ('started', 'finished', 'failed', 'undone')),
    attempts integer not null default 1,
    started_at timestamptz(3) not null default now(),
    ended_at timestamptz(3),
    primary key (workspace_id, step)
  );
  create table if not exists provisioning.rotations (
    idempotency_key text primary key,
    workspace_id text not null references provisioning.workspaces,
    started_at timestamptz(3) not null default now(),
    finished_at timestamptz(3)
  );
`

/** The workspace of this key: a new row in status `building`, or the one that the key already opened. */
export async function openWorkspace(
  sql: Sql,
  key: string,
  request: WorkspaceRequest,
  names: WorkspaceNames,
): Promise<Workspace> {
  const row = {
    workspace_id: `ws_${randomUUID().replaceAll('-', '')}`,
    idempotency_key: key,
    ...request,
    ...names,
    status: 'building',
  }
  try {
    return await sql.begin(async (transaction) => {
      const [opened] = await transaction<Workspace[]>`
        insert into provisioning.workspaces ${transaction(row)} on conflict (idempotency_key) do nothing
        returning ${transaction(columns)}`
      return opened ?? openedBefore(transaction, key, request)
    })
  } catch (error) {
    if (errorCode(error) !== '23505') throw error
    const issues = await findTaken(sql, request)
    throw new CapabilityError('conflict', 'Such a workspace exists.', { issues, cause: error })
  }
}

async function openedBefore(sql: TransactionSql, key: string, request: WorkspaceRequest): Promise<Workspace> {
  const [row] = await sql<(Omit<Workspace, 'status'> & { status: Workspace['status'] | 'deleted' })[]>`
    select ${sql(columns)} from provisioning.workspaces where idempotency_key = ${key}`
  const { organization_id, slug, region } = request
  if (row?.organization_id !== organization_id || row.slug !== slug || row.region !== region)
    throw new CapabilityError('conflict', 'This idempotency key opened another workspace.')
  const { status } = row
  if (status === 'deleted' || status === 'deleting')
    throw new CapabilityError('conflict', `This idempotency key opened ${row.workspace_id}, which was deleted.`)
  return { ...row, status }
}

async function findTaken(sql: TransactionSql, { organization_id, slug }: WorkspaceRequest): Promise<Issue[]> {
  const rows = await sql<{ organization_id: string; slug: string }[]>`
    select organization_id, slug from provisioning.workspaces
    where status <> 'deleted' and (organization_id = ${organization_id} or slug = ${slug})`
  return [
    ...(rows.some((row) => row.organization_id === organization_id)
      ? [{ path: '/organization_id', message: 'has a workspace already' }]
      : []),
    ...(rows.some((row) => row.slug === slug) ? [{ path: '/slug', message: `"${slug}" has a workspace already` }] : []),
  ]
}

/** The workspace that is not deleted, in whatever state. */
export async function findWorkspace(
  sql: TransactionSql,
  by: { workspace_id: string } | { organization_id: string },
): Promise<Workspace | undefined> {
  const [found] = await sql<Workspace[]>`
    select ${sql(columns)} from provisioning.workspaces
    where status <> 'deleted'
      and ${'workspace_id' in by ? sql`workspace_id = ${by.workspace_id}` : sql`organization_id = ${by.organization_id}`}`
  return found
}

/** What to throw where there is none: `not_found`, by the argument that named it. */
export function noSuchWorkspace(by: { workspace_id: string } | { organization_id: string }): CapabilityError {
  const [path, text] =
    'workspace_id' in by
      ? ['/workspace_id', `There is no workspace "${by.workspace_id}".`]
      : ['/organization_id', `The organization "${by.organization_id}" has no workspace.`]
  return new CapabilityError('not_found', text, { issues: [{ path, message: 'names no workspace that exists' }] })
}

/** Moves a workspace on. */
export async function setStatus(
  sql: TransactionSql,
  workspaceId: string,
  status: Workspace['status'] | 'deleted',
): Promise<void> {
  await sql`update provisioning.workspaces set status = ${status}, updated_at = now() where workspace_id = ${workspaceId}`
}

/** The names of the steps that are finished and not undone. */
export async function finishedSteps(sql: TransactionSql, workspaceId: string): Promise<ReadonlySet<string>> {
  const rows = await sql<{ step: string }[]>`
    select step from provisioning.steps where workspace_id = ${workspaceId} and status = 'finished'`
  return new Set(rows.map(({ step }) => step))
}

/** Records that a step begins; returns the number of this attempt, from 1. */
export async function startStep(sql: TransactionSql, workspaceId: string, step: string): Promise<number> {
  const [row] = await sql<{ attempts: number }[]>`
    insert into provisioning.steps as steps (workspace_id, step, status) values (${workspaceId}, ${step}, 'started')
    on conflict (workspace_id, step) do update
    set status = 'started', attempts = steps.attempts + 1, started_at = now(), ended_at = null
    returning attempts`
  return row?.attempts ?? 1
}

/** Records how a step ended; a step that never began has nothing to record. */
export async function endStep(
  sql: TransactionSql,
  workspaceId: string,
  step: string,
  status: 'finished' | 'failed' | 'undone',
): Promise<void> {
  await sql`
    update provisioning.steps set status = ${status}, ended_at = now()
    where workspace_id = ${workspaceId} and step = ${step}`
}
