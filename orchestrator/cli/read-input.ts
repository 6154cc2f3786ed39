import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { InputError } from './remit.ts'

/**
 * The value of `--input`: JSON itself when it starts like an object or array, else the name of a JSON file, relative to the
 * first of the folders that has it. Throws {@link InputError} for what cannot be read.
 */
export async function readInput(given: string, folders: readonly string[]): Promise<unknown> {
  if (/^\s*[[{]/.test(given)) return parse(given, '--input')
  for (const folder of new Set(folders)) {
    const text = await readIfThere(resolve(folder, given))
    if (text !== undefined) return parse(text, given)
  }
  throw new InputError(`--input: there is no file ${given}; give a JSON file, or JSON itself`)
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new InputError(`--input: ${file} cannot be read (${code}); give a JSON file, or JSON itself`)
  }
}

function parse(text: string, source: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new InputError(`${source} is not JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}
