import type { FetchLike } from '@modelcontextprotocol/client'
import { modernRevision } from '../../../shared/capability/testing.ts'
import { isJsonObject, type Json } from '../../../shared/json.ts'

/** Answers `server/discover` itself: some of the suite's servers speak 2026-07-28 without saying so when they are asked. */
export const withLocalDiscover: FetchLike = async (url, init) => {
  const message = typeof init?.body === 'string' ? (JSON.parse(init.body) as Json) : null
  if (!isJsonObject(message) || message.method !== 'server/discover') return fetch(url, init)
  const result = {
    resultType: 'complete',
    supportedVersions: [modernRevision],
    capabilities: { tools: {}, resources: {}, prompts: {} },
    _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'suite', version: '1' } },
  }
  return Response.json({ jsonrpc: '2.0', id: message.id, result })
}
