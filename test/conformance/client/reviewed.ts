import type { FetchLike } from '@modelcontextprotocol/client'
import { fingerprint, type ToolManifest } from '../../../shared/manifest.ts'
import { connectTo } from './connect-to.ts'

/** The tools of the suite's server as if somebody had reviewed each; what Remit may not offer is not among them. */
export async function reviewed(url: string, fetch: FetchLike): Promise<ToolManifest[]> {
  const first = await connectTo(url, { fetch })
  const { others } = await first.list()
  await first.close()
  const second = await connectTo(url, { fetch, tools: others.map((name) => placeholder(name)) })
  const told = await second.list()
  await second.close()
  return others.flatMap((name) => {
    const [tool] = told.reviewed.get(name) ?? []
    return tool ? [{ ...placeholder(name), input: tool.inputSchema, fingerprint: fingerprint(tool) }] : []
  })
}

/** A tool of which no more than the name is known. */
export function placeholder(name: string): ToolManifest {
  const none = { facts: {}, sensitive: [], destinations: [] }
  return {
    name,
    title: name,
    description: name,
    input: {},
    effect: 'read',
    idempotency: 'natural',
    scopes: [],
    annotations: {},
    egress: [],
    establishes: [],
    marks: { input: none, output: none },
    timeout_ms: 30_000,
    fingerprint: 'sha256:nothing',
  }
}
