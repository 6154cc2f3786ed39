import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

/** A secret as it lies in `secrets/<name>` of the server's data folder, readable by its owner alone. */
const secretSchema = z.object({ url: z.url() })

/** The workspace's URL with its password, and whether the password was made just now. */
export interface Connection {
  url: string
  fresh: boolean
}

/**
 * The secret of a workspace: the stored one, or a new one. The password outlives a move of the cluster: host and port
 * always come from `withPassword`, and the file follows them.
 */
export async function ensureSecret(
  dataFolder: string,
  name: string,
  withPassword: (password: string) => string,
): Promise<Connection> {
  const stored = await readSecret(dataFolder, name)
  const password = stored === undefined ? generatePassword() : new URL(stored).password
  const url = withPassword(password)
  if (url !== stored) await writeSecret(dataFolder, name, url)
  return { url, fresh: stored === undefined }
}

/**
 * Stores a new secret beside the one in use, so that no crash between Postgres and the file can lose the password that
 * Postgres has. With `resume` a staged secret of an earlier attempt is taken up again.
 */
export async function stageSecret(
  dataFolder: string,
  name: string,
  withPassword: (password: string) => string,
  { resume }: { resume: boolean },
): Promise<string> {
  const staged = resume ? await readSecret(dataFolder, stagedName(name)) : undefined
  const url = withPassword(staged === undefined ? generatePassword() : new URL(staged).password)
  await writeSecret(dataFolder, stagedName(name), url)
  return url
}

/** Puts the staged secret in the place of the one in use, at once. */
export async function adoptStagedSecret(dataFolder: string, name: string): Promise<void> {
  await rename(secretFile(dataFolder, stagedName(name)), secretFile(dataFolder, name))
}

/** Removes a secret, and what is staged beside it; one that is gone is fine. */
export async function removeSecret(dataFolder: string, name: string): Promise<void> {
  for (const each of [name, stagedName(name)]) await rm(secretFile(dataFolder, each), { force: true })
}

/** No slug holds a ".", so that this is never another workspace's secret. */
function stagedName(name: string): string {
  return `${name}.staged`
}

async function readSecret(dataFolder: string, name: string): Promise<string | undefined> {
  const text = await readFile(secretFile(dataFolder, name), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  return text === undefined ? undefined : secretSchema.parse(JSON.parse(text)).url
}

/** Writes beside and renames over, so that a crash leaves the old file or the new one, never half of one. */
async function writeSecret(dataFolder: string, name: string, url: string): Promise<void> {
  const file = secretFile(dataFolder, name)
  await mkdir(join(dataFolder, 'secrets'), { recursive: true, mode: 0o700 })
  const beside = `${file}.${process.pid}.new`
  await writeFile(beside, `${JSON.stringify({ url })}\n`, { mode: 0o600, flush: true })
  await rename(beside, file)
}

function secretFile(dataFolder: string, name: string): string {
  return join(dataFolder, 'secrets', name)
}

/** A password of 192 random bits, in characters that need no escape in a URL. */
function generatePassword(): string {
  return randomBytes(24).toString('base64url')
}
