import type { TestProject } from 'vitest/node'
import { openHome } from '../../orchestrator/home/home.ts'
import { joinHome } from '../../orchestrator/home/shared-process.ts'
import { bootstrap } from '../../orchestrator/record/bootstrap.ts'
import { ensurePostgres } from '../../orchestrator/record/embedded-postgres.ts'
import { migrate } from '../../orchestrator/record/migrate.ts'
import { ensureServerRole } from '../../orchestrator/record/server-roles.ts'
import { removePlacedData } from './placed-data.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** Starts the one Postgres of a test run in a REMIT_HOME of its own, and stops it at the end. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await temporaryFolder('remit-tests-')
  const home = openHome(folder.path)
  const membership = await joinHome(home)
  const { adminUrl } = await ensurePostgres(membership, home)
  const templateUrl = await bootstrap(adminUrl, home)
  await migrate(templateUrl, home)
  // Roles belong to the whole Postgres: made here once, every test's home knows the same passwords.
  await ensureServerRole(templateUrl, home, { kind: 'schema', name: 'organizations' })
  await ensureServerRole(templateUrl, home, { kind: 'provisioner', name: 'provisioning' })
  project.provide('databaseUrl', adminUrl)
  project.provide('templateUrl', templateUrl)
  project.provide('databaseHome', home.path)
  process.env.REMIT_TEST_DATABASE_URL = adminUrl
  return async () => {
    await membership.leave()
    await removePlacedData(home)
    await folder.remove()
  }
}
