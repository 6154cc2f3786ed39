import { spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { chmod, chown, lstat, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Home } from '../home/home.ts'
import {
  completeInPlace,
  copyBinaries,
  installedBinaries,
  isComplete,
  type PostgresBinaries,
  programOf,
} from './postgres-binaries.ts'

/** The operating system's account that Postgres runs as; undefined: this process's own. */
export type Account = { uid: number; gid: number } | undefined

/** Where the embedded Postgres of a home lies, and as whom it runs. */
export interface PostgresPlacement {
  binaries: PostgresBinaries
  /** Not under REMIT_HOME when root keeps REMIT_HOME where Postgres's account cannot reach it. */
  dataFolder: string
  account: Account
}

/**
 * Decides where the binaries and data of a home lie. Postgres refuses to run as root, so root hands it to another account;
 * what that account cannot reach (a project under a 0700 folder) is placed under the first of `/var/lib/remit`,
 * `/var/tmp/remit` and `<temporary folder>/remit` that root alone can write. The choice is kept in `postgres/location.json`.
 */
export async function placePostgres(home: Home): Promise<PostgresPlacement> {
  const installed = await installedBinaries()
  if (process.getuid?.() !== 0) {
    const usable = (await isComplete(installed)) || (await completeInPlace(installed))
    const binaries = usable ? installed : await copyBinaries(installed, home.postgres)
    return { binaries, dataFolder: join(home.postgres, 'data'), account: undefined }
  }

  const chosen = await readLocation(home)
  const account = (chosen === undefined ? undefined : await ownerOf(chosen)) ?? (await unprivilegedAccount())
  const dataFolder = chosen ?? (await chooseDataFolder(home, account))
  if (!(await isComplete(installed))) await completeInPlace(installed)
  const reachable = (await isComplete(installed)) && canRun(installed, account)
  const binaries = reachable ? installed : await copyBinaries(installed, await openFolder())
  return { binaries, dataFolder, account }
}

/** Where the data of a home lies, if a first start has decided that; for `doctor`. */
export async function placedData(home: Home): Promise<string | undefined> {
  return (await readLocation(home)) ?? ((await ownerOf(join(home.postgres, 'data'))) && join(home.postgres, 'data'))
}

async function chooseDataFolder(home: Home, account: NonNullable<Account>): Promise<string> {
  const inHome = join(home.postgres, 'data')
  if (await ownerOf(inHome)) return inHome
  const name = `${createHash('sha256').update(home.path).digest('hex').slice(0, 12)}-${randomBytes(4).toString('hex')}`
  const parent = canEnter(home.postgres, account) ? home.postgres : join(await openFolder(), name)
  await mkdir(parent, { recursive: true, mode: 0o700 })
  await chown(parent, account.uid, account.gid)
  const dataFolder = join(parent, 'data')
  await writeFile(locationFile(home), `${JSON.stringify({ data_folder: dataFolder }, null, 2)}\n`, { mode: 0o600 })
  return dataFolder
}

function locationFile(home: Home): string {
  return join(home.postgres, 'location.json')
}

async function readLocation(home: Home): Promise<string | undefined> {
  try {
    return (JSON.parse(await readFile(locationFile(home), 'utf8')) as { data_folder: string }).data_folder
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new Error(`${locationFile(home)} cannot be read: ${(error as Error).message}`, { cause: error })
  }
}

/** Data keeps the account that made it, so that root and that account can take turns. */
async function ownerOf(dataFolder: string): Promise<NonNullable<Account> | undefined> {
  const owner = await stat(dataFolder).catch(() => undefined)
  return owner && owner.uid !== 0 ? { uid: owner.uid, gid: owner.gid } : undefined
}

async function unprivilegedAccount(): Promise<NonNullable<Account>> {
  const accounts = await readFile('/etc/passwd', 'utf8').catch(() => '')
  const [, , uid, gid] = /^postgres:.*$/m.exec(accounts)?.[0].split(':') ?? []
  return { uid: Number(uid ?? 65534), gid: Number(gid ?? 65534) }
}

function canRun(binaries: PostgresBinaries, account: NonNullable<Account>): boolean {
  return (
    spawnSync(programOf(binaries, 'postgres'), ['--version'], { ...account, cwd: '/', stdio: 'ignore' }).status === 0
  )
}

/** True when the account could enter the folder if it owned it: all folders above let it through. */
function canEnter(folder: string, account: NonNullable<Account>): boolean {
  return (
    spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', dirname(folder)], { ...account, cwd: '/', stdio: 'ignore' }).status ===
    0
  )
}

/** A folder that every account can enter and root alone can write, so that nobody can put other binaries there. */
async function openFolder(): Promise<string> {
  const candidates = ['/var/lib/remit', '/var/tmp/remit', join(tmpdir(), 'remit')]
  for (const folder of candidates) {
    try {
      await mkdir(folder, { mode: 0o755 })
      await chmod(folder, 0o755)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') continue
    }
    const found = await lstat(folder)
    if (found.isDirectory() && found.uid === 0 && (found.mode & 0o022) === 0) return folder
  }
  throw new Error(
    `Postgres cannot run as root, and none of ${candidates.join(', ')} can hold its files: run Remit as another user, or name a database in REMIT_DATABASE_URL`,
  )
}
