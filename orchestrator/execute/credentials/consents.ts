import { createHmac, randomBytes } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { digest, type Json } from '../../../shared/json.ts'

/** A person's agreements to go live, each for exactly one mapping of vendors, accounts and credentials. */
export interface Consents {
  /** Whether somebody agreed to exactly this. */
  holds(mapping: Json): boolean
  give(mapping: Json, by: string, at: Date): void
}

const fileSchema = z.strictObject({
  key: z.string().min(1),
  given: z.array(z.strictObject({ mapping: z.string(), by: z.string(), at: z.string() })),
})
type File = z.infer<typeof fileSchema>

/**
 * Opens the agreements in a file (0600). A mapping may hold credentials: what is kept of it is an HMAC, under a key of the
 * file's own. A file that cannot be read holds no agreement: the person is asked again.
 */
export function openConsents(path: string): Consents {
  const kept = (): File => read(path) ?? { key: randomBytes(32).toString('base64url'), given: [] }
  const digestUnder = ({ key }: File, mapping: Json): string =>
    createHmac('sha256', key).update(digest(mapping)).digest('hex')
  return {
    holds(mapping) {
      const file = kept()
      const wanted = digestUnder(file, mapping)
      return file.given.some((consent) => consent.mapping === wanted)
    },
    give(mapping, by, at) {
      const file = kept()
      const given = { mapping: digestUnder(file, mapping), by, at: at.toISOString() }
      const draft = `${path}.${randomBytes(6).toString('hex')}`
      writeFileSync(draft, `${JSON.stringify({ ...file, given: [...file.given, given] }, null, 2)}\n`, { mode: 0o600 })
      renameSync(draft, path)
    },
  }
}

function read(path: string): File | undefined {
  try {
    return fileSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return undefined
  }
}
