import type { Client } from '@modelcontextprotocol/client'

/** Pages of a list that a server may need. */
const mostPages = 64

interface Lists {
  tools: Awaited<ReturnType<Client['listTools']>>['tools'][number]
  resources: Awaited<ReturnType<Client['listResources']>>['resources'][number]
  resourceTemplates: Awaited<ReturnType<Client['listResourceTemplates']>>['resourceTemplates'][number]
  prompts: Awaited<ReturnType<Client['listPrompts']>>['prompts'][number]
}

const methods = {
  tools: 'tools/list',
  resources: 'resources/list',
  resourceTemplates: 'resources/templates/list',
  prompts: 'prompts/list',
} as const

/** The pages of one of a server's lists. The SDK's own listing says on stdout that a server has none, and keeps every page. */
export async function* pages<List extends keyof Lists>(
  client: Client,
  server: string,
  list: List,
  signal: AbortSignal,
): AsyncGenerator<Lists[List][]> {
  let cursor: string | undefined
  for (let page = 0; page < mostPages; page++) {
    const params = cursor === undefined ? {} : { cursor }
    const listed = (await client.request({ method: methods[list], params }, { signal })) as {
      nextCursor?: string
    } & Record<List, Lists[List][]>
    yield listed[list]
    if (listed.nextCursor === undefined) return
    cursor = listed.nextCursor
  }
  throw new Error(`${server} lists its ${list} on more than ${mostPages} pages`)
}
