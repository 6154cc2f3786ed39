import { chown, cp, lstat, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { openHome } from '../../home/home.ts'
import { joinHome } from '../../home/shared-process.ts'
import { majorVersion } from '../initialise-postgres.ts'
import { type Account, placePostgres } from '../postgres-placement.ts'
import { BackupError, readArchive } from './archive.ts'
import { type BackupHead, backupHeadSchema, platform } from './back-up.ts'

export interface Restored extends BackupHead {
  /** Where the home that was there before lies now. */
  replaced?: string
}

export interface RestoreOptions {
  /** Moves aside what the home holds. */
  replace: boolean
  /** Where the record of this home lies, by its configuration: a backup of the other kind is refused. */
  postgres: BackupHead['postgres']['kind']
  /** Aborted while the backup is read, nothing has changed; what comes after is short and goes to its end. */
  signal: AbortSignal
}

/** Folders that say nothing of whether a home is in use. */
const ofNoAccount = new Set(['processes', 'logs'])

/**
 * Makes a backup the home at this path, and nothing of it unless all of it is whole. A home that holds something is refused,
 * or with `replace` moved aside; one that a command is using is refused. Throws a {@link BackupError}.
 */
export async function restore(
  file: string,
  homePath: string,
  { replace, postgres, signal }: RestoreOptions,
): Promise<Restored> {
  const path = resolve(homePath)
  const used = await holdsFiles(path)
  if (used && !replace)
    throw new BackupError(`${path} is not empty: name another folder in REMIT_HOME, or use --replace to move it aside`)
  if (await isThere(join(path, 'processes'))) await refuseLiveHome(path)
  else if (used) throw new BackupError(`${path} holds other files than Remit's: name another folder in REMIT_HOME`)
  await mkdir(dirname(path), { recursive: true })
  const draft = `${path}.restoring`
  await rm(draft, { recursive: true, force: true })
  await mkdir(draft, { mode: 0o700 })
  try {
    let head: BackupHead | undefined
    const onFirst = (content: Buffer) => {
      head = headOf(file, content, postgres)
    }
    await readArchive(file, draft, onFirst, signal)
    if (!head) throw new BackupError(`${file} is empty`)
    const replaced = await moveAside(path, used)
    await rename(join(draft, 'home'), path)
    if (head.postgres.kind === 'embedded') await placeData(join(draft, 'postgres'), path)
    return { ...head, ...(replaced === undefined ? {} : { replaced }) }
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

function headOf(file: string, content: Buffer, kind: RestoreOptions['postgres']): BackupHead {
  let json: unknown
  try {
    json = JSON.parse(String(content))
  } catch {
    json = undefined
  }
  const parsed = backupHeadSchema.safeParse(json)
  if (!parsed.success) throw new BackupError(`${file} is no backup that this version of Remit can read`)
  const head = parsed.data
  if (head.postgres.kind !== kind)
    throw new BackupError(
      kind === 'external'
        ? `${file} holds a Postgres of its own: restore it without REMIT_DATABASE_URL`
        : `${file} holds no databases, for those of its record (${databasesOf(head)}) lie in an external Postgres: restore them there, and name it in REMIT_DATABASE_URL`,
    )
  if (head.postgres.kind === 'external') return head
  if (head.postgres.major !== majorVersion)
    throw new BackupError(
      `${file} holds data of PostgreSQL ${head.postgres.major}, and this Remit brings ${majorVersion}: restore it with the release of Remit that made it`,
    )
  if (head.platform !== platform())
    throw new BackupError(
      `${file} was made on ${head.platform}, and PostgreSQL's files do not fit ${platform()}: restore it on the same kind of machine`,
    )
  return head
}

function databasesOf({ postgres }: BackupHead): string {
  return postgres.kind === 'external' ? postgres.databases.join(', ') : ''
}

async function holdsFiles(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined)
  if (!found) return false
  if (!found.isDirectory()) return true
  const names = (await readdir(path)).filter((name) => !ofNoAccount.has(name))
  for (const name of names) if (await holdsFiles(join(path, name))) return true
  return false
}

/** Leaving stops what a killed command left running there. */
async function refuseLiveHome(path: string): Promise<void> {
  const membership = await joinHome(openHome(path))
  const { commands } = await membership.status().finally(() => membership.leave())
  const others = commands.map(({ pid }) => pid)
  others.splice(others.indexOf(process.pid), 1)
  if (others.length > 0)
    throw new BackupError(`${path} is in use by process ${others.join(', ')}: stop it before you restore`)
}

function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}

async function moveAside(path: string, used: boolean): Promise<string | undefined> {
  if (!used) {
    await rm(path, { recursive: true, force: true })
    return undefined
  }
  const aside = `${path}.replaced-${new Date().toISOString().replace(/[:.]/g, '-')}`
  await rename(path, aside)
  return aside
}

/** The data goes where the home's Postgres looks for it, and to the account that Postgres runs as. */
async function placeData(data: string, path: string): Promise<void> {
  const { dataFolder, account } = await placePostgres(openHome(path))
  await giveTo(data, account)
  const draft = join(dirname(dataFolder), `${basename(dataFolder)}.restoring`)
  await rm(draft, { recursive: true, force: true })
  await rename(data, draft).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EXDEV') throw error
    await cp(data, draft, { recursive: true, preserveTimestamps: true })
    await giveTo(draft, account)
  })
  await rename(draft, dataFolder)
}

async function giveTo(path: string, account: Account): Promise<void> {
  if (!account) return
  await chown(path, account.uid, account.gid)
  if ((await lstat(path)).isDirectory()) for (const name of await readdir(path)) await giveTo(join(path, name), account)
}
