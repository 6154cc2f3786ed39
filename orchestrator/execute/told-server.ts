import type { Client } from '@modelcontextprotocol/client'
import { isJsonObject, type JsonObject } from '../../shared/json.ts'
import type { Prompt, Resource, ToldServer } from '../model/told-server.ts'
import { pages } from './pages.ts'

/** Tools, resources and prompts that are looked at; a server that has more is not for a person to review. */
const most = 500

/** All that a server tells of itself. Rejects where a list does not end, or not in time. */
export async function toldServer(client: Client, server: string, signal: AbortSignal): Promise<ToldServer> {
  const { name = server, version = '', title } = client.getServerVersion() ?? {}
  const instructions = client.getInstructions()
  const { tools, resources, prompts } = client.getServerCapabilities() ?? {}
  return {
    name,
    version,
    ...(title !== undefined && { title }),
    ...(instructions !== undefined && { instructions }),
    tools: (tools ? await all(client, server, 'tools', signal) : []).map((tool) => ({
      name: tool.name,
      title: tool.title,
      description: tool.description,
      inputSchema: jsonOf(tool.inputSchema) ?? {},
      outputSchema: jsonOf(tool.outputSchema),
      annotations: jsonOf(tool.annotations),
    })),
    resources: resources
      ? [
          ...(await all(client, server, 'resources', signal)).map((one) => resourceOf(one.uri, one)),
          ...(await all(client, server, 'resourceTemplates', signal)).map((one) => resourceOf(one.uriTemplate, one)),
        ]
      : [],
    prompts: (prompts ? await all(client, server, 'prompts', signal) : []).map(
      (prompt): Prompt => ({
        name: prompt.name,
        description: prompt.description ?? prompt.title ?? '',
        arguments: (prompt.arguments ?? []).map((one) => ({ name: one.name, required: one.required === true })),
      }),
    ),
  }
}

interface ToldResource {
  name: string
  title?: string | undefined
  description?: string | undefined
  mimeType?: string | undefined
}

type Lists = Parameters<typeof pages>[2]

async function all<List extends Lists>(client: Client, server: string, list: List, signal: AbortSignal) {
  const found = []
  for await (const page of pages(client, server, list, signal)) {
    found.push(...page)
    if (found.length > most) throw new Error(`${server} tells more than ${most} ${list}`)
  }
  return found
}

function resourceOf(uri: string, told: ToldResource): Resource {
  const { name, title, description, mimeType } = told
  return { uri, name: title ?? name, description: description ?? '', ...(mimeType !== undefined && { mimeType }) }
}

/** What came over the wire is JSON; this only tells the type checker. */
export function jsonOf(value: unknown): JsonObject | undefined {
  return isJsonObject(value) ? value : undefined
}
