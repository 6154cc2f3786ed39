import type { Client } from '@modelcontextprotocol/client'
import { isJsonObject, type JsonObject } from '../../shared/json.ts'
import type { FingerprintedTool, ServerManifest } from '../../shared/manifest.ts'
import type { Quarantine } from './follow-tools.ts'
import { driftOf } from './tool-drift.ts'

/** Pages of a list that a server may need. */
const mostPages = 64

/**
 * Asks a server for its tools and says which reviewed ones it does not offer as they were reviewed. Of the others nothing is
 * kept: they cannot be called anyway. Rejects where the list does not end, or not in time.
 */
export async function quarantineOf(
  client: Client,
  { name, tools }: Pick<ServerManifest, 'name' | 'tools'>,
  signal: AbortSignal,
): Promise<Quarantine> {
  const told = new Map<string, FingerprintedTool[]>(tools.map((tool) => [tool.name, []]))
  // The SDK's own listing says on stdout that a server has no tools, and keeps every page.
  const listed = client.getServerCapabilities()?.tools ? pages(client, name, signal) : []
  for await (const page of listed) {
    for (const { name, description, inputSchema, outputSchema, annotations } of page) {
      const soFar = told.get(name)
      if (!soFar || soFar.length > 1) continue
      soFar.push({
        name,
        description,
        inputSchema: jsonOf(inputSchema) ?? {},
        outputSchema: jsonOf(outputSchema),
        annotations: jsonOf(annotations),
      })
    }
  }
  return new Map(
    tools.flatMap((tool) => {
      const drift = driftOf(tool, told.get(tool.name) ?? [])
      return drift === undefined ? [] : [[tool.name, drift]]
    }),
  )
}

async function* pages(client: Client, server: string, signal: AbortSignal) {
  let cursor: string | undefined
  for (let page = 0; page < mostPages; page++) {
    const { tools, nextCursor } = await client.request(
      { method: 'tools/list', params: cursor === undefined ? {} : { cursor } },
      { signal },
    )
    yield tools
    if (nextCursor === undefined) return
    cursor = nextCursor
  }
  throw new Error(`${server} lists its tools on more than ${mostPages} pages`)
}

/** What came over the wire is JSON; this only tells the type checker. */
function jsonOf(value: unknown): JsonObject | undefined {
  return isJsonObject(value) ? value : undefined
}
