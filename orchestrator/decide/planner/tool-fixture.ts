import { isJsonObject, type Json, type JsonObject } from '../../../shared/json.ts'
import { type Effect, fingerprint, toolManifestSchema } from '../../../shared/manifest.ts'
import type { Tool } from '../../model/catalogue.ts'

/** A tool in few words: fields by name, each with its fact, or with its fact and its schema. */
export interface ToolSketch {
  effect?: Effect
  needs?: Fields
  optional?: Fields
  gives?: Fields
  establishes?: string[]
  sensitive?: { input?: string[]; output?: string[] }
}
type Fields = Record<string, string | { fact: string; schema: JsonObject }>

/** A reviewed tool for tests and benchmarks, `server.verb_noun`. What has an effect establishes `server.noun` unless told. */
export function sketchTool(id: string, sketch: ToolSketch = {}): Tool {
  const [server = '', name = ''] = id.split('.')
  const { effect = 'read', needs = {}, optional = {}, gives = {}, establishes = [], sensitive = {} } = sketch
  const input = { ...objectOf({ ...needs, ...optional }), required: Object.keys(needs) }
  const output = { ...objectOf(gives), required: Object.keys(gives) }
  const manifest = toolManifestSchema.parse({
    name,
    title: name.replaceAll('_', ' '),
    description: `${name.replaceAll('_', ' ')}.`,
    input,
    output,
    effect,
    idempotency: 'natural',
    establishes,
    marks: {
      input: { facts: factsOf({ ...needs, ...optional }), sensitive: sensitive.input ?? [] },
      output: { facts: factsOf(gives), sensitive: sensitive.output ?? [] },
    },
    fingerprint: fingerprint({ name, inputSchema: input, outputSchema: output }),
  })
  return { ...manifest, server, id }
}

/** Tools by full name, as a catalogue holds them. */
export function toolsOf(...tools: Tool[]): ReadonlyMap<string, Tool> {
  return new Map(tools.map((tool) => [tool.id, tool]))
}

function objectOf(fields: Fields): JsonObject {
  const properties = Object.entries(fields).map(([name, field]): [string, Json] => [
    name,
    typeof field === 'string' ? { type: 'string' } : field.schema,
  ])
  return { type: 'object', properties: Object.fromEntries(properties), additionalProperties: false }
}

function factsOf(fields: Fields): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [`/${name}`, isJsonObject(field) ? String(field.fact) : field]),
  )
}
