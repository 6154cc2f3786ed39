import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'

/** A secret as it lies in `secrets/<name>` of the server's data folder, readable by its owner alone. */
const secretSchema = z.object({
  url: z.url(),
  /** The key of the rotation that made its password; none where the build did. */
  rotation: z.string().optional(),
})
type Secret = z.infer<typeof secretSchema>

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
  const file = inUse(dataFolder, name)
  const stored = await readSecret(file)
  const password = stored === undefined ? generatePassword() : new URL(stored.url).password
  const url = withPassword(password)
  if (url !== stored?.url) await writeSecret(file, { ...stored, url })
  return { url, fresh: stored === undefined }
}

/**
 * Stores a new secret beside the one in use, so that no crash between Postgres and the file can lose the password that
 * Postgres has. What an earlier attempt under the same key staged is taken up again, and `adopted` tells that it has even
 * taken its place.
 */
export async function stageSecret(
  dataFolder: string,
  name: string,
  rotation: string,
  withPassword: (password: string) => string,
): Promise<{ url: string; adopted: boolean }> {
  const current = await readSecret(inUse(dataFolder, name))
  if (current?.rotation === rotation) return { url: current.url, adopted: true }
  const before = await readSecret(staged(dataFolder, name))
  const url = withPassword(before?.rotation === rotation ? new URL(before.url).password : generatePassword())
  await writeSecret(staged(dataFolder, name), { url, rotation })
  return { url, adopted: false }
}

/** Puts the staged secret in the place of the one in use, at once. */
export async function adoptStagedSecret(dataFolder: string, name: string): Promise<void> {
  await rename(staged(dataFolder, name), inUse(dataFolder, name))
}

/** Removes a secret, and what is staged beside it; one that is gone is fine. */
export async function removeSecret(dataFolder: string, name: string): Promise<void> {
  for (const file of [inUse(dataFolder, name), staged(dataFolder, name)]) await rm(file, { force: true })
}

function inUse(dataFolder: string, name: string): string {
  return join(dataFolder, 'secrets', name)
}

/** In a folder of its own: whoever lists the secrets finds only those in use. */
function staged(dataFolder: string, name: string): string {
  return join(dataFolder, 'staged-secrets', name)
}

async function readSecret(file: string): Promise<Secret | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  return text === undefined ? undefined : secretSchema.parse(JSON.parse(text))
}

/** Durable once written, without a call of its own: Node's permission model refuses fsync. */
const durably = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_SYNC

/** Writes beside and renames over, so that a crash leaves the old file or the new one, never half of one. */
async function writeSecret(file: string, secret: Secret): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const beside = `${file}.${process.pid}.new`
  await writeFile(beside, `${JSON.stringify(secret)}\n`, { mode: 0o600, flag: durably })
  await rename(beside, file)
}

/** A password of 192 random bits, in characters that need no escape in a URL. */
function generatePassword(): string {
  return randomBytes(24).toString('base64url')
}
