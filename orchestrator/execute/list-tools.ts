import type { Client } from '@modelcontextprotocol/client'
import { isJsonObject, type JsonObject } from '../../shared/json.ts'
import type { FingerprintedTool, ServerManifest } from '../../shared/manifest.ts'
import type { Quarantine } from './follow-tools.ts'
import { mirroringOf } from './mirrored-headers.ts'
import { driftOf } from './tool-drift.ts'

/** Pages of a list that a server may need. */
const mostPages = 64
/** Names of tools that nobody reviewed, to be shown. */
const mostOthers = 100

/** What a running server tells of its tools. */
export interface ToldTools {
  /** Reviewed tool → as it is told: twice at most. */
  reviewed: ReadonlyMap<string, readonly FingerprintedTool[]>
  /** Names of tools that are not in the manifest, and so cannot be called. */
  others: readonly string[]
}

/**
 * Asks a server for its tools. Rejects where the list does not end, or not in time. A tool that asks for headers against the
 * rules of 2026-07-28 counts as one that is not offered.
 */
export async function toldTools(
  client: Client,
  { name: server, tools }: Pick<ServerManifest, 'name' | 'tools'>,
  signal: AbortSignal,
): Promise<ToldTools> {
  const reviewed = new Map<string, FingerprintedTool[]>(tools.map((tool) => [tool.name, []]))
  const others = new Set<string>()
  const isModern = client.getProtocolEra() === 'modern'
  // The SDK's own listing says on stdout that a server has no tools, and keeps every page.
  const listed = client.getServerCapabilities()?.tools ? pages(client, server, signal) : []
  for await (const page of listed) {
    for (const { name, description, inputSchema, outputSchema, annotations } of page) {
      if (isModern && mirroringOf(jsonOf(inputSchema) ?? {}) === 'invalid') continue
      const soFar = reviewed.get(name)
      if (!soFar && others.size < mostOthers) others.add(name)
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
  return { reviewed, others: [...others] }
}

/** Which reviewed tools a server does not offer as they were reviewed. */
export function quarantineOf({ tools }: Pick<ServerManifest, 'tools'>, { reviewed }: ToldTools): Quarantine {
  return new Map(
    tools.flatMap((tool) => {
      const drift = driftOf(tool, reviewed.get(tool.name) ?? [])
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
