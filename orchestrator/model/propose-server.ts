import { compileSchema } from '../../shared/json-schema.ts'
import { fingerprint, type ServerManifest, type ToolManifest } from '../../shared/manifest.ts'
import { contentTools } from './content-tools.ts'
import { plainNames, proposeTool, type ToldTool } from './propose-tool.ts'
import type { ToldServer } from './told-server.ts'

/** What is proposed to a person, and what the server offers that cannot be taken. */
export interface Proposal {
  manifest: ServerManifest
  leftOut: { tool: string; why: string }[]
}

/**
 * The manifest of a server by what it tells of itself. What the given manifest says of a tool (effect, facts, undo) counts
 * more than its annotations; how the tool is described, and what it takes and returns, is as the server tells it now.
 */
export function proposeServer(given: ServerManifest, told: ToldServer): Proposal {
  const known = new Map(given.tools.map((tool) => [tool.wire_name ?? tool.name, tool]))
  const names = plainNames([...told.tools.map(({ name }) => known.get(name)?.name ?? name)])
  const judged = told.tools.map((tool, index) => ({
    tool,
    why: whyNot(tool, told.tools),
    name: names[index] ?? tool.name,
  }))
  const tools = judged.flatMap(({ tool, why, name }) => {
    const said = known.get(tool.name)
    return why === undefined ? [said ? asTold(said, tool) : proposeTool(tool, name)] : []
  })
  const { title = told.name, instructions } = told
  return {
    manifest: {
      ...given,
      title: given.title || title,
      version: given.version || told.version,
      ...(instructions !== undefined && { instructions }),
      tools: [...tools, ...contentTools(told, new Set(tools.map(({ name }) => name)))],
    },
    leftOut: judged.flatMap(({ tool, why }) => (why === undefined ? [] : [{ tool: tool.name, why }])),
  }
}

function asTold(said: ToolManifest, told: ToldTool): ToolManifest {
  const { description, input, output: _, annotations, fingerprint: seen, ...rest } = proposeTool(told, said.name)
  const face = { description, input, annotations, fingerprint: seen }
  const { output: _said, ...kept } = said
  return {
    ...kept,
    ...face,
    ...(rest.wire_name !== undefined && { wire_name: rest.wire_name }),
    ...(told.outputSchema && { output: told.outputSchema }),
  }
}

/** Why nobody could call a tool, whatever a person thinks of it. */
function whyNot(tool: ToldTool, all: readonly ToldTool[]): string | undefined {
  if (all.filter(({ name }) => name === tool.name).length > 1) return 'it is offered twice'
  try {
    fingerprint(tool)
    compileSchema(tool.inputSchema)
    if (tool.outputSchema) compileSchema(tool.outputSchema)
    return undefined
  } catch {
    return 'what it takes or returns is described by no JSON Schema that can be read'
  }
}
