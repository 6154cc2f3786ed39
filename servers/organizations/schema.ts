import type { Sql } from '../../shared/postgres/connect.ts'

/**
 * Makes the schema and tables that are not there yet. Servers that start at the same time take turns, because
 * `if not exists` alone can still collide on Postgres's own catalogue.
 */
export async function migrate(sql: Sql): Promise<void> {
  await sql.begin(async (transaction) => {
    await transaction`select pg_advisory_xact_lock(hashtextextended('remit organizations schema', 0))`
    // Asked first: a role that only owns the schema may not even say `create schema if not exists`.
    const [{ there } = { there: false }] = await transaction<{ there: boolean }[]>`
      select to_regnamespace('organizations') is not null as there`
    if (!there) await transaction`create schema organizations`
    await transaction.unsafe(tables)
  })
}

const tables = `
  create table if not exists organizations.organizations (
    organization_id text primary key,
    idempotency_key text not null unique,
    signup_digest text not null,
    slug text not null,
    domain text,
    name text not null,
    country text not null,
    plan text not null check (plan in ('starter', 'team', 'business')),
    seats integer not null check (seats between 1 and 10000),
    admin_name text not null,
    admin_email text not null,
    status text not null default 'active' check (status in ('active', 'deleted')),
    created_at timestamptz(3) not null default now(),
    updated_at timestamptz(3) not null default now()
  );
  create unique index if not exists organizations_slug on organizations.organizations (slug) where status = 'active';
  -- Tables made earlier hold a unique index on the domain, which several organizations of one company may share.
  drop index if exists organizations.organizations_domain;
  create table if not exists organizations.changes (
    idempotency_key text primary key,
    organization_id text not null references organizations.organizations,
    previous jsonb not null,
    wanted jsonb not null,
    changed_at timestamptz(3) not null default now()
  );
  create index if not exists changes_of_organization on organizations.changes (organization_id);
`
