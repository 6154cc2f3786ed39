import { randomBytes } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Home } from '../home/home.ts'

const fileSchema = z.record(z.string(), z.string().min(1))

/** The file of a home that holds passwords: of the superuser, or of the roles that the migrator makes. */
type PasswordFile = 'postgres' | 'roles'

/** 256 random bits, in letters that need no quoting in a URL. */
export function makePassword(): string {
  return randomBytes(32).toString('base64url')
}

/** The passwords in `credentials/<file>.json`, by role; none where the file is not there yet. */
export async function readPasswords(home: Home, file: PasswordFile): Promise<Record<string, string>> {
  const path = pathOf(home, file)
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}'
    throw error
  })
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch {
    content = undefined
  }
  const parsed = fileSchema.safeParse(content)
  if (!parsed.success) throw new Error(`${path} is not a JSON object of role → password: restore it from a backup`)
  return parsed.data
}

/** The password of the embedded Postgres's superuser. */
export async function readPassword(home: Home, role: string): Promise<string> {
  const password = (await readPasswords(home, 'postgres'))[role]
  if (password) return password
  throw new Error(`${pathOf(home, 'postgres')} holds no password for ${role}: restore it from a backup`)
}

/** Replaces the file at once (0600); a reader sees the old passwords or the new ones. */
export async function writePasswords(home: Home, file: PasswordFile, passwords: Record<string, string>): Promise<void> {
  const path = pathOf(home, file)
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  await writeFile(draft, `${JSON.stringify(passwords, null, 2)}\n`, { mode: 0o600 })
  await rename(draft, path)
}

function pathOf(home: Home, file: PasswordFile): string {
  return join(home.credentials, `${file}.json`)
}
