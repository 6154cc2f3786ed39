import type { Config } from './config.ts'
import { openHome } from './home/home.ts'
import { joinHome } from './home/shared-process.ts'
import type { ListedLogin } from './model/login.ts'
import { whereItRuns } from './record/running-record.ts'
import { listLogins } from './record/server-logins.ts'

/**
 * The logins of the local user's tenant at servers elsewhere, for who only looks: undefined where the record does not run, for
 * nothing is started. Rejects where it does not answer.
 */
export async function lookAtLogins({ home: path, databaseUrl, owner }: Config): Promise<ListedLogin[] | undefined> {
  const home = openHome(path)
  const membership = await joinHome(home)
  try {
    return await whereItRuns({ home, membership, databaseUrl }, (sql) => listLogins(sql, owner.tenant))
  } finally {
    await membership.leave()
  }
}
