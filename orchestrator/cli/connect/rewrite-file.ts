import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'

/** The text of a file; nothing where it is not there. */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

/**
 * Puts a text in the place of a file's, in one step and with the file's own rights, and keeps what was there beside it.
 * Returns where; undefined where there was nothing. A link is followed: what it leads to is rewritten.
 */
export function rewriteFile(file: string, text: string, at: Date): string | undefined {
  const target = resolved(file)
  mkdirSync(dirname(target), { recursive: true })
  const mode = modeOf(target)
  const backup = mode === undefined ? undefined : `${target}.before-remit-${at.toISOString().replaceAll(/[:.]/g, '-')}`
  if (backup !== undefined) copyFileSync(target, backup)
  const draft = `${target}.${randomBytes(6).toString('hex')}`
  writeFileSync(draft, text, { mode: 0o600 })
  if (mode !== undefined) chmodSync(draft, mode)
  renameSync(draft, target)
  return backup
}

function resolved(file: string): string {
  try {
    return realpathSync(file)
  } catch {
    return file
  }
}

function modeOf(file: string): number | undefined {
  try {
    return statSync(file).mode & 0o777
  } catch {
    return undefined
  }
}
