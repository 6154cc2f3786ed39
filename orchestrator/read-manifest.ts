import { readFileSync } from 'node:fs'
import { type Manifest, manifestFileOf, manifestSchema } from '../shared/manifest.ts'
import { commandName } from '../shared/own-package.ts'
import { ConfigError } from './config.ts'

/** The reviewed manifest of a project. Throws {@link ConfigError} where it is not there, or says what no manifest says. */
export function readManifest(root: string): Manifest {
  const file = manifestFileOf(root)
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new ConfigError(`${file} is not there; "${commandName} manifest" writes it from the servers beside it`)
  }
  const refused = (issues: readonly string[]) =>
    new ConfigError(`${file} is no manifest; "${commandName} manifest" writes it anew:\n${issues.join('\n')}`)
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw refused([`  / is no JSON: ${(error as SyntaxError).message}`])
  }
  const parsed = manifestSchema.safeParse(json)
  if (parsed.success) return parsed.data
  throw refused(parsed.error.issues.map(({ path, message }) => `  /${path.join('/')} ${message}`))
}
