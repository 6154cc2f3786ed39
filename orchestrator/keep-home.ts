import { type Backup, InputError, type Restored } from './cli/remit.ts'
import type { Config } from './config.ts'
import { openHome } from './home/home.ts'
import { joinHome, type Membership } from './home/shared-process.ts'
import { BackupError } from './record/backup/archive.ts'
import { type BackupHead, backUp } from './record/backup/back-up.ts'
import { externalDatabases } from './record/backup/external-databases.ts'
import { type RestoreOptions, restore } from './record/backup/restore.ts'
import { bootstrap } from './record/bootstrap.ts'
import { ensurePostgres } from './record/embedded-postgres.ts'
import { migrate } from './record/migrate.ts'

/** What is done to a home as a whole, with nothing open but its Postgres. */
export async function migrateRecord(config: Config): Promise<{ applied: string[]; current: string }> {
  const home = openHome(config.home)
  return joined(config, async (membership) => {
    const { databaseUrl } = config
    const ownerUrl = databaseUrl ?? (await bootstrap((await ensurePostgres(membership, home)).adminUrl, home))
    const { applied, current } = await migrate(ownerUrl, home)
    return { applied, current }
  })
}

export async function backUpHome(config: Config, file: string, signal: AbortSignal): Promise<Backup> {
  const home = openHome(config.home)
  return joined(config, async (membership) => {
    const { databaseUrl } = config
    const source =
      databaseUrl === undefined
        ? await ensurePostgres(membership, home)
        : { databases: await externalDatabases(databaseUrl) }
    return described(await asInputError(() => backUp(home, source, { file, now: new Date(), signal })))
  })
}

export async function restoreHome(
  config: Config,
  file: string,
  options: Omit<RestoreOptions, 'postgres'>,
): Promise<Restored> {
  const postgres = config.databaseUrl === undefined ? 'embedded' : 'external'
  const { replaced, ...head } = await asInputError(() => restore(file, config.home, { ...options, postgres }))
  return { ...described(head), ...(replaced === undefined ? {} : { replaced }) }
}

async function joined<Result>(config: Config, work: (membership: Membership) => Promise<Result>): Promise<Result> {
  const membership = await joinHome(openHome(config.home))
  try {
    return await work(membership)
  } finally {
    await membership.leave()
  }
}

function described({ made_at, postgres }: BackupHead): Backup {
  return postgres.kind === 'external' ? { made_at, databases: postgres.databases } : { made_at }
}

async function asInputError<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (error instanceof BackupError || /^E(NOENT|ACCES|ISDIR|NOTDIR|ROFS)$/.test(code ?? ''))
      throw new InputError(message)
    throw error
  }
}
