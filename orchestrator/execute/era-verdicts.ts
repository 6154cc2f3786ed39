import { readFileSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import type { ServerManifest } from '../../shared/manifest.ts'

/** How long a server that only spoke the 2025 handshake is taken at its word; an upgraded server is noticed after that. */
const trustedMs = 24 * 60 * 60 * 1_000

const verdictsSchema = z.record(z.string(), z.object({ version: z.string(), at: z.iso.datetime() }))

/** Which servers are known to speak only the 2025 handshake, so that they are not probed on every start. */
export interface EraVerdicts {
  isLegacy(server: ServerManifest): boolean
  rememberLegacy(server: ServerManifest): Promise<void>
}

/** Verdicts kept in a file. A file that is missing or broken only costs a probe, and so does one that cannot be written. */
export function openEraVerdicts(file: string, now: () => Date): EraVerdicts {
  const verdicts = read(file)
  let writing = Promise.resolve()
  return {
    isLegacy({ name, version }) {
      const verdict = verdicts[name]
      return verdict?.version === version && now().getTime() - Date.parse(verdict.at) < trustedMs
    },
    rememberLegacy({ name, version }) {
      verdicts[name] = { version, at: now().toISOString() }
      const text = JSON.stringify(verdicts)
      const temporary = `${file}.${process.pid}`
      writing = writing
        .then(() => writeFile(temporary, text, { mode: 0o600 }))
        .then(() => rename(temporary, file))
        .catch(() => {})
      return writing
    },
  }
}

function read(file: string): z.infer<typeof verdictsSchema> {
  try {
    return verdictsSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return {}
  }
}
