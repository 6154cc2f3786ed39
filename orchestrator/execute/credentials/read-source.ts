import { open } from 'node:fs/promises'
import { readKeychain } from './read-keychain.ts'
import { runSourceCommand } from './run-source-command.ts'

/**
 * Where the operator's configuration says a slot's value comes from. A `value` stands in the configuration itself, so a
 * credential cannot be one; an `exec` is a command's argument list, and what it prints is the value; a `keychain` is the
 * `SERVICE/ACCOUNT` of an entry in the system's own.
 */
export type Source =
  | { env: string }
  | { file: string }
  | { exec: readonly string[] }
  | { keychain: string }
  | { value: string }

/** The value of a source, or what is wrong with it: in words that follow the slot's path and never hold the value. */
export type Found = { value: string } | { fault: string }

/** The operator's environment; looked into only by the names that the configuration gives. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Reads a source once. Never throws, and keeps nothing. */
export async function readSource(source: Source, environment: Environment): Promise<Found> {
  if ('value' in source) return { value: source.value }
  if ('env' in source) {
    const value = environment[source.env]
    return value ? { value } : { fault: `comes from the environment variable ${source.env}, which is not set` }
  }
  if ('exec' in source) return fromCommand(source.exec, environment)
  if ('keychain' in source) return readKeychain(source.keychain, environment)
  return fromFile(source.file)
}

/** What may tell that a source gives another value now; undefined where only asking it can. */
export async function revisionOf(source: Source): Promise<string | undefined> {
  if ('exec' in source || 'keychain' in source) return undefined
  if (!('file' in source)) return 'fixed'
  try {
    const handle = await open(source.file)
    try {
      const { mtimeNs, ctimeNs, size, ino } = await handle.stat({ bigint: true })
      return [mtimeNs, ctimeNs, size, ino].join('-')
    } finally {
      await handle.close()
    }
  } catch {
    return 'unreadable'
  }
}

/** One word for a person who has to find the source again: `the file /etc/key`. It holds no value. */
export function nameOfSource(source: Source): string {
  if ('env' in source) return `the environment variable ${source.env}`
  if ('file' in source) return `the file ${source.file}`
  if ('exec' in source) return `the command ${source.exec[0]}`
  if ('keychain' in source) return `the keychain entry ${source.keychain}`
  return 'the configuration'
}

const anybodyElse = 0o077

/** The mode is taken from the open file, so that no other one can be slipped in between the look and the read. */
async function fromFile(file: string): Promise<Found> {
  const from = `comes from the file ${file}`
  try {
    const handle = await open(file)
    try {
      const { mode } = await handle.stat()
      if (process.platform !== 'win32' && (mode & anybodyElse) !== 0)
        return { fault: `${from}, which others may use (mode ${octal(mode)}): run chmod 600 ${file}` }
      const value = (await handle.readFile('utf8')).trim()
      return value === '' ? { fault: `${from}, which is empty` } : { value }
    } finally {
      await handle.close()
    }
  } catch (error) {
    return { fault: `${from}, which cannot be read (${(error as NodeJS.ErrnoException).code})` }
  }
}

function octal(mode: number): string {
  return `0${(mode & 0o777).toString(8).padStart(3, '0')}`
}

async function fromCommand(command: readonly string[], environment: Environment): Promise<Found> {
  const ran = await runSourceCommand(command, environment)
  if ('printed' in ran) {
    const value = ran.printed.trim()
    if (value !== '') return { value }
  }
  const why = 'printed' in ran ? 'printed nothing' : ran.fault
  return { fault: `comes from the command ${command[0]}, which ${why}` }
}
