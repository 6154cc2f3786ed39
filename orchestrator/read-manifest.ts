import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Manifest, manifestSchema } from '../shared/manifest.ts'
import { commandName } from '../shared/own-package.ts'
import { ConfigError } from './config.ts'

/** The reviewed manifest of a project. Throws {@link ConfigError} where it is not there, or says what no manifest says. */
export function readManifest(root: string): Manifest {
  const file = join(root, 'servers', 'manifest.json')
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new ConfigError(`${file} is not there; "${commandName} manifest" writes it from the servers beside it`)
  }
  const parsed = manifestSchema.safeParse(asJson(text))
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues.map(({ path, message }) => `  /${path.join('/')} ${message}`)
  throw new ConfigError(`${file} is no manifest; "${commandName} manifest" writes it anew:\n${issues.join('\n')}`)
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
