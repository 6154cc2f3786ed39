import { z } from 'zod'
import type { JsonObject } from '../../../shared/json.ts'
import { findTools as search } from '../../decide/find-tools.ts'
import { goalServer } from '../../model/sub-goals.ts'
import { defineRemitTool, reads } from '../remit-tool.ts'

export const findTools = defineRemitTool({
  name: 'find_tools',
  title: 'Find tools',
  description: 'Search the tools of all capabilities. Each result has the schema of its arguments, for call_tool.',
  scope: 'tools:read',
  input: z.strictObject({ query: z.string().min(1).max(500), limit: z.int().min(1).max(50).default(10) }),
  annotations: reads,
  async run({ query, limit }, { backend }) {
    const found = search(backend.catalogue, query, limit).filter(({ tool }) => tool.server !== goalServer)
    const tools = found.map(({ tool }) => ({
      tool: tool.id,
      title: tool.title,
      description: tool.description,
      effect: tool.effect,
      input: tool.input,
      ...(tool.output && { output: tool.output }),
    }))
    return { output: { tools } as unknown as JsonObject }
  },
})
