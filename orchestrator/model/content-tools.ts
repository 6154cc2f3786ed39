import type { JsonObject } from '../../shared/json.ts'
import { fingerprint, type ToolManifest } from '../../shared/manifest.ts'
import type { Prompt, Resource, ToldServer } from './told-server.ts'

/** Resources and prompts that a description names. */
const mostNamed = 20

/**
 * A server's resources and prompts as tools, so that they are found, planned, judged and recorded like everything else:
 * `read_resource` and `get_prompt`, where the server has such and no tool of that name.
 */
export function contentTools(
  { resources, prompts }: Pick<ToldServer, 'resources' | 'prompts'>,
  taken: ReadonlySet<string>,
): ToolManifest[] {
  const tools = [
    ...(resources.length > 0 ? [readResource(resources)] : []),
    ...(prompts.length > 0 ? [getPrompt(prompts)] : []),
  ]
  return tools.filter(({ name }) => !taken.has(name))
}

function readResource(resources: readonly Resource[]): ToolManifest {
  const named = resources.map(({ uri, name }) => `${uri} (${name})`)
  return contentTool('read_resource', 'Read resource', 'resources/read', {
    description: `Read a resource: ${listed(named)}.`,
    input: {
      type: 'object',
      required: ['uri'],
      additionalProperties: false,
      properties: { uri: { type: 'string', description: 'Its URI; a template with its {placeholders} filled.' } },
    },
    output: {
      type: 'object',
      required: ['contents'],
      properties: { contents: { type: 'array', items: { type: 'object' } } },
    },
  })
}

function getPrompt(prompts: readonly Prompt[]): ToolManifest {
  const named = prompts.map(({ name, arguments: args }) => {
    const words = args.map((one) => (one.required ? one.name : `${one.name}?`))
    return words.length > 0 ? `${name}(${words.join(', ')})` : name
  })
  return contentTool('get_prompt', 'Get prompt', 'prompts/get', {
    description: `Get a prompt, filled in: ${listed(named)}.`,
    input: {
      type: 'object',
      required: ['name'],
      additionalProperties: false,
      properties: {
        name: { type: 'string', description: 'Its name.' },
        arguments: {
          type: 'object',
          additionalProperties: { type: 'string' },
          description: 'What it takes, as texts.',
        },
      },
    },
    output: {
      type: 'object',
      required: ['messages'],
      properties: { messages: { type: 'array', items: { type: 'object' } } },
    },
  })
}

function contentTool(
  name: string,
  title: string,
  method: NonNullable<ToolManifest['method']>,
  { description, input, output }: { description: string; input: JsonObject; output: JsonObject },
): ToolManifest {
  return {
    name,
    title,
    description,
    input,
    output,
    annotations: { readOnlyHint: true },
    effect: 'read',
    idempotency: 'natural',
    scopes: [],
    egress: [],
    establishes: [],
    marks: {
      input: { facts: {}, sensitive: [], destinations: [] },
      output: { facts: {}, sensitive: [], destinations: [] },
    },
    timeout_ms: 30_000,
    fingerprint: fingerprint({ name, description, inputSchema: input, outputSchema: output }),
    method,
  }
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, mostNamed).join(', ')
  return names.length > mostNamed ? `${shown} and ${names.length - mostNamed} more` : shown
}
