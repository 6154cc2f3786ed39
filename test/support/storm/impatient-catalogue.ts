import { type Catalogue, catalogueOf } from '../../../orchestrator/model/catalogue.ts'
import { manifestSchema } from '../../../shared/manifest.ts'

/** A lookup is conclusive only after the deadline of what it looks up: shorter deadlines make a shorter storm. */
const mostMs = 10_000

/** The reviewed tools of a manifest's text, with shorter deadlines. */
export function impatientCatalogue(manifestText: string): Catalogue {
  const manifest = manifestSchema.parse(JSON.parse(manifestText))
  for (const { tools } of manifest.servers)
    for (const tool of tools) tool.timeout_ms = Math.min(tool.timeout_ms, mostMs)
  return catalogueOf(manifest)
}
