import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'

/** The revisions whose required scenarios have to pass, at their own wire. */
export const revisions = ['2026-07-28', '2025-11-25'] as const
export type Revision = (typeof revisions)[number]

/** Who is tested. */
export type Side = 'server' | 'client'

/** What a revision requires of each side, and what the suite runs beside that. */
export type Requirements = Record<Side, { required: string[]; optional: string[] }>

const names = z.array(z.string())
const fileSchema = z.object({
  server: names,
  client: names,
  not_scored: z.array(z.object({ scenario: z.string(), leg: z.enum(['server', 'client']) })),
})

/** The folder of the suite's package. */
export const suiteFolder = dirname(
  dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/dist/index.js')),
)

/** Reads the suite's own list for a revision, which was frozen when the revision came out. */
export function requirementsOf(revision: Revision): Requirements {
  const text = readFileSync(join(suiteFolder, 'requirements', `${revision}.yaml`), 'utf8')
  const { server, client, not_scored } = fileSchema.parse(parse(text))
  const optional = (side: Side) => not_scored.filter(({ leg }) => leg === side).map(({ scenario }) => scenario)
  return {
    server: { required: server, optional: optional('server') },
    client: { required: client, optional: optional('client') },
  }
}
