import type { Place } from '../../shared/capability/index.ts'
import { onPostgres } from '../../shared/capability/postgres-failure.ts'
import { connect, type Sql } from '../../shared/postgres/connect.ts'
import { withUrl } from '../../shared/postgres/with-url.ts'
import { prepareLedger, type Workspace } from './ledger.ts'
import type { StepName } from './steps.ts'
import { withWorkspaceLock } from './workspace-lock.ts'

/** A rehearsed bad day: a step fails at its first attempt for each workspace (`partial`), or always (`broken`). */
export interface Fault {
  mode: 'partial' | 'broken'
  step: StepName
}

/** The cluster in which workspaces are built, seen as the provisioner. */
export interface ProvisioningClient {
  /** For single statements: `CREATE DATABASE` takes no transaction. */
  sql: Sql
  /** Where others find the cluster. */
  host: string
  port: number
  fault: Fault | undefined
  /** Public address of a workspace. */
  addressOf(workspace: Pick<Workspace, 'slug'>): string
  /** The cluster's URL for others, as a workspace's role on its database. */
  tenantUrl(workspace: Pick<Workspace, 'role' | 'database'>, password: string): string
  /** The same URL as this process reaches it. */
  reached(tenantUrl: string): string
  /**
   * Does the work while no other process builds or removes this workspace. The signal that it gets aborts with the given one,
   * and where that cannot be kept up any more: the work then has to stop as soon as it can.
   */
  alone<T>(workspaceId: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** As failures speak of it. */
export const cluster = 'The Postgres cluster of the workspaces'

/** Connects to the provisioner's own database and makes the ledger if it is not there yet. */
export async function connectProvisioning(settings: {
  databaseUrl: string
  /** Where the cluster really is, when the URL leads to a door of a jail. */
  place?: Place | undefined
  workspaceDomain: string
  fault: Fault | undefined
}): Promise<ProvisioningClient> {
  const url = new URL(settings.databaseUrl)
  const { hostname, port } = settings.place ?? { hostname: url.hostname, port: Number(url.port || 5432) }
  // Few: every process of the server shares the connections of one role, and a burst in one is not to be paid by another.
  const sql = open(settings.databaseUrl, 2)
  // Of their own: a lock is held while statements run, and must not take their last connection.
  const locks = open(settings.databaseUrl, 3)
  const close = async (): Promise<void> => {
    await Promise.all([sql.end({ timeout: 2 }), locks.end({ timeout: 2 })])
  }
  try {
    await onPostgres({ database: cluster, effect: false }, () => prepareLedger(sql))
  } catch (error) {
    await close()
    throw error
  }
  return {
    sql,
    host: hostname,
    port,
    fault: settings.fault,
    addressOf: ({ slug }) => `https://${slug}.${settings.workspaceDomain}/`,
    tenantUrl: ({ role, database }, password) =>
      withUrl(at(url, hostname, port).href, { user: role, password, database }),
    reached: (tenantUrl) => at(tenantUrl, url.hostname, Number(url.port || 5432)).href,
    alone: (workspaceId, signal, work) =>
      onPostgres({ database: cluster, effect: true }, () => withWorkspaceLock(locks, workspaceId, signal, work)),
    close,
  }
}

function at(url: URL | string, hostname: string, port: number): URL {
  const placed = new URL(url)
  placed.hostname = hostname
  placed.port = String(port)
  return placed
}

function open(url: string, max: number): Sql {
  const settings = { lock_timeout: '10000', statement_timeout: '30000' }
  return connect(url, { max, name: 'provisioning', settings, idleSeconds: 30 })
}
