import type { Sql } from '../../shared/postgres/connect.ts'

interface Owner {
  name: string
  roles: boolean
  databases: boolean
  schemas: boolean
  database: string
}

/** Throws, with the statement that helps, where the owner's URL is of a role that may not set up the record. */
export async function refuseWeakOwner(sql: Sql): Promise<void> {
  const { name, roles, schemas, database } = await ownerOf(sql)
  if (!roles) throw weak(name, 'create roles', `ALTER ROLE "${name}" CREATEROLE`)
  if (!schemas) throw weak(name, `create schemas in ${database}`, `GRANT CREATE ON DATABASE "${database}" TO "${name}"`)
}

/** The same, where a server is to make databases for tenants. */
export async function refuseWithoutCreateDatabase(sql: Sql): Promise<void> {
  const { name, databases } = await ownerOf(sql)
  if (!databases) throw weak(name, 'create databases', `ALTER ROLE "${name}" CREATEDB`)
}

function weak(name: string, lacking: string, remedy: string): Error {
  return new Error(
    `The user ${name} of REMIT_DATABASE_URL may not ${lacking}: have an administrator run ${remedy}, or name another user`,
  )
}

async function ownerOf(sql: Sql): Promise<Owner> {
  const [owner] = await sql<Owner[]>`
    SELECT rolname AS name, rolcreaterole OR rolsuper AS roles, rolcreatedb OR rolsuper AS databases,
      current_database() AS database, has_database_privilege(current_database(), 'CREATE') AS schemas
    FROM pg_catalog.pg_roles WHERE rolname = current_user`
  if (!owner) throw new Error('Postgres does not say who the user of REMIT_DATABASE_URL is')
  return owner
}
