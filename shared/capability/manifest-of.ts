import type { z } from 'zod'
import {
  type Effect,
  fingerprint,
  type Idempotency,
  type ServerManifest,
  serverManifestSchema,
  type ToolManifest,
} from '../manifest.ts'
import type { AnyServer } from './define-server.ts'
import type { AnyTool } from './define-tool.ts'
import { describeSchema } from './describe-schema.ts'

const defaultTimeoutMs = 30_000

/** What the reviewed manifest says of a server, derived from its code. Throws where the definition breaks the manifest's schema. */
export function manifestOf(server: AnyServer): ServerManifest {
  const { name, title, version, description, instructions, egress, emulates } = server
  const { endpoints, credentials, settings, faults, concurrency, instances, jail } = server
  return serverManifestSchema.parse({
    name,
    title,
    version,
    description,
    instructions,
    command: ['node', `servers/${name}/main.ts`],
    ...(emulates !== undefined && {
      emulator: { vendor: emulates, command: ['node', `servers/${name}/emulator.ts`] },
    }),
    endpoints,
    credentials,
    settings,
    faults,
    ...(concurrency !== undefined && { concurrency }),
    ...(instances !== undefined && { instances }),
    egress,
    jail: jail ?? {},
    tools: server.tools.map((tool) => toolManifestOf(server, tool)).sort((a, b) => (a.name < b.name ? -1 : 1)),
  })
}

/** What the manifest, `tools/list` and `_meta` say of one tool. */
export function toolManifestOf(server: AnyServer, tool: AnyTool<unknown>): ToolManifest {
  const { name, title, description, effect, expect, compensation, lookup } = tool
  const input = describeSchema(argumentsSchemaOf(tool), 'input')
  const output = describeSchema(tool.output, 'output')
  const idempotency = tool.idempotency ?? (effect === 'read' ? 'natural' : 'none')
  const annotations = annotationsOf(title, effect, idempotency, reachesOut(server))
  return {
    name,
    title,
    description,
    input: input.schema,
    output: output.schema,
    annotations,
    effect,
    idempotency,
    scopes: tool.scopes ?? [],
    egress: tool.egress ?? [],
    ...(expect !== undefined && { expect }),
    establishes: tool.establishes ?? [],
    marks: { input: input.marks, output: output.marks },
    ...(compensation !== undefined && { compensation }),
    ...(lookup !== undefined && { lookup }),
    timeout_ms: timeoutOf(tool),
    fingerprint: fingerprint({
      name,
      description,
      inputSchema: input.schema,
      outputSchema: output.schema,
      annotations,
    }),
  }
}

/** A tool's input as the kit checks it: an argument that the tool does not know is a mistake, never ignored. */
export function argumentsSchemaOf({ input }: AnyTool<unknown>): z.ZodObject {
  if (input.def.catchall !== undefined) return input
  const strict = strictInputs.get(input) ?? input.strict()
  strictInputs.set(input, strict)
  return strict
}

/** A schema that is made anew is compiled anew, which costs more than most calls. */
const strictInputs = new WeakMap<z.ZodObject, z.ZodObject>()

/** Milliseconds that one call of the tool may take where the caller names no deadline. */
export function timeoutOf(tool: AnyTool<unknown>): number {
  return tool.timeoutMs ?? defaultTimeoutMs
}

function reachesOut({ egress = [], endpoints = {} }: AnyServer): boolean {
  return egress.length > 0 || Object.keys(endpoints).length > 0
}

/** MCP's hints. An update replaces what was there, so it counts as destructive as a delete does. */
function annotationsOf(title: string, effect: Effect, idempotency: Idempotency, openWorld: boolean) {
  return {
    title,
    readOnlyHint: effect === 'read',
    destructiveHint: effect === 'update' || effect === 'delete',
    idempotentHint: idempotency !== 'none',
    openWorldHint: openWorld,
  }
}
