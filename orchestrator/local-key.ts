import { randomBytes } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from './config.ts'
import { scopes } from './model/caller.ts'
import { type ApiKeys, makeApiKey } from './record/api-keys.ts'

/** Where the key of whoever uses Remit on this machine lies: with the user's configuration, not with a project. */
export function localKeyFile({ configHome }: Pick<Config, 'configHome'>): string {
  return join(configHome, 'admin.key')
}

/**
 * Makes sure that the local key is there (0600) and that this record knows it. False where somebody revoked it: then a person
 * has to remove the file first.
 */
export async function ensureLocalKey(config: Pick<Config, 'configHome' | 'owner'>, apiKeys: ApiKeys): Promise<boolean> {
  const text = await localKey(config)
  return apiKeys.register(text, {
    ...config.owner,
    name: 'local',
    scopes,
    ceiling: {},
    requests_per_minute: 60_000,
    created_by: config.owner.principal,
  })
}

async function localKey(config: Pick<Config, 'configHome'>): Promise<string> {
  const file = localKeyFile(config)
  await mkdir(config.configHome, { recursive: true, mode: 0o700 })
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  await writeFile(draft, `${makeApiKey()}\n`, { mode: 0o600 })
  try {
    // A link, unlike a rename, never replaces a key that is there already.
    await link(draft, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await rm(draft)
  }
  return (await readFile(file, 'utf8')).trim()
}
