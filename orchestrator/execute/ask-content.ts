import type { CallToolResult, Client, RequestOptions } from '@modelcontextprotocol/client'
import type { JsonObject } from '../../shared/json.ts'
import type { Tool } from '../model/catalogue.ts'

/** A resource to read (`uri`), or a prompt to get (`name`, and `arguments` as texts). */
export interface ContentRequest {
  method: NonNullable<Tool['method']>
  arguments: JsonObject
}

/** Reads a resource, or gets a prompt, as if that were a tool: what comes of it is its structured output. */
export async function askContent(
  client: Client,
  { method, arguments: args }: ContentRequest,
  meta: JsonObject,
  options: RequestOptions,
): Promise<CallToolResult> {
  if (method === 'resources/read') {
    const { contents } = await client.request({ method, params: { uri: String(args.uri), _meta: meta } }, options)
    return { content: [], structuredContent: { contents } }
  }
  const params = { name: String(args.name), arguments: textsIn(args.arguments), _meta: meta }
  const { messages } = await client.request({ method, params }, options)
  return { content: [], structuredContent: { messages } }
}

/** Arguments of prompts are texts. */
function textsIn(value: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries(Object(value)).map(([name, text]) => [name, String(text)]))
}
