import type { Client } from '@modelcontextprotocol/client'
import type { FingerprintedTool, ServerManifest } from '../../shared/manifest.ts'
import type { Quarantine } from './follow-tools.ts'
import { mirroringOf } from './mirrored-headers.ts'
import { pages } from './pages.ts'
import { jsonOf } from './told-server.ts'
import { driftOf } from './tool-drift.ts'

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
  // What is no tool of the server's own is not on its list.
  const nameOnList = new Map(tools.flatMap((tool) => (tool.method ? [] : [[tool.wire_name ?? tool.name, tool.name]])))
  const others = new Set<string>()
  const isModern = client.getProtocolEra() === 'modern'
  const listed = client.getServerCapabilities()?.tools ? pages(client, server, 'tools', signal) : []
  for await (const page of listed) {
    for (const { name, description, inputSchema, outputSchema, annotations } of page) {
      if (isModern && mirroringOf(jsonOf(inputSchema) ?? {}) === 'invalid') continue
      const soFar = reviewed.get(nameOnList.get(name) ?? '')
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
      if (tool.method) return []
      const drift = driftOf(tool, reviewed.get(tool.name) ?? [])
      return drift === undefined ? [] : [[tool.name, drift]]
    }),
  )
}
