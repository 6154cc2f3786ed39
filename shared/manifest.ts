import { z } from 'zod'
import { digest, type JsonObject } from './json.ts'

const name = z.string().regex(/^[a-z][a-z0-9_]{0,63}$/, 'lower case letters, digits and underscores, at most 64')
const factName = z
  .string()
  .regex(/^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$/, 'dotted lower-case words: billing.customer_id')
const jsonSchema = z.record(z.string(), z.json())
/** Arguments of a compensation or lookup: `{"$ref": "/output/…"}` and `{"$ref": "/arguments/…"}` point into the call. */
const boundCall = z.strictObject({ tool: name, arguments: z.record(z.string(), z.json()) })

/** What a tool does to the world. */
export const effects = ['read', 'create', 'update', 'delete'] as const
export type Effect = (typeof effects)[number]

/** How a repeat behaves: `keyed` for as long as the vendor keeps the key, `natural` for ever, `none`: it would happen twice. */
export const idempotencySchema = z.union([
  z.strictObject({ keyed: z.string().regex(/^\d+(s|m|h|d)$/, 'a duration: 30m, 24h, 7d') }),
  z.enum(['natural', 'none']),
])
export type Idempotency = z.infer<typeof idempotencySchema>

/** Marks on the leaves of a tool's input or output, by JSON pointer; `*` stands for every item of an array. */
const marks = z.strictObject({
  facts: z.record(z.string(), factName).default({}),
  sensitive: z.array(z.string()).default([]),
  destinations: z.array(z.string()).default([]),
})
export type Marks = z.infer<typeof marks>

export const toolManifestSchema = z.strictObject({
  name,
  title: z.string(),
  description: z.string(),
  input: jsonSchema,
  output: jsonSchema.optional(),
  annotations: z.record(z.string(), z.union([z.boolean(), z.string()])).default({}),
  effect: z.enum(effects),
  idempotency: idempotencySchema,
  scopes: z.array(z.string()).default([]),
  /** CEL over `arguments` and `output`; false turns a success into the failure `unsatisfied`. */
  expect: z.string().optional(),
  establishes: z.array(factName).default([]),
  marks: z.strictObject({ input: marks, output: marks }),
  compensation: boundCall.optional(),
  lookup: boundCall.optional(),
  /** Milliseconds that one call may take. */
  timeout_ms: z.int().min(1).default(30_000),
  fingerprint: z.string(),
})
export type ToolManifest = z.infer<typeof toolManifestSchema>

/** An endpoint the server reaches: given to it as an environment variable that holds a URL. */
const endpoint = z.strictObject({
  description: z.string(),
  protocol: z.enum(['http', 'smtp', 'postgres']),
  /** The vendor's own URL, used in `mode: live` where the operator names no other. */
  live: z.string().optional(),
})

/** A credential slot: the operator's configuration maps it to a source; the server gets it as an environment variable. */
const credential = z.strictObject({ description: z.string(), optional: z.boolean().default(false) })

/** What an operator may choose for a server without its being a secret: the sender of its mail. */
const setting = z.strictObject({ description: z.string() })

/** The name of a fault that can be rehearsed: `flaky`. */
const faultMode = z.string().regex(/^[a-z][a-z0-9_-]*$/, 'lower-case letters, digits, "-" and "_"')

export const serverManifestSchema = z.strictObject({
  name,
  title: z.string(),
  version: z.string(),
  description: z.string(),
  /** For hosts' models: what the server is for and in which order its tools make sense. */
  instructions: z.string().optional(),
  /** How to start it, relative to the project's root. `node` means the pinned Node. */
  command: z.array(z.string()).min(1),
  /** A process that stands in for the vendor in `mode: emulated`. */
  emulator: z.strictObject({ vendor: z.string(), command: z.array(z.string()).min(1) }).optional(),
  /** Environment variable → endpoint. */
  endpoints: z.record(z.string(), endpoint).default({}),
  /** Environment variable → credential slot. */
  credentials: z.record(z.string(), credential).default({}),
  /** Environment variable → setting. */
  settings: z.record(z.string(), setting).default({}),
  /** Bad days that can be rehearsed, in `mode: emulated` only: mode → what happens. */
  faults: z.record(faultMode, z.string()).default({}),
  /** Calls that one process of it works on at the same time; more wait their turn. */
  concurrency: z.int().min(1).optional(),
  /** `host:port`, exact names only. */
  egress: z.array(z.string().regex(/^[a-z0-9.-]+:\d+$/i, 'an exact host and port: api.stripe.com:443')).default([]),
  tools: z.array(toolManifestSchema),
})
export type ServerManifest = z.infer<typeof serverManifestSchema>

/** The reviewed authority on what each server may do: `servers/manifest.json`. */
export const manifestSchema = z.strictObject({ version: z.literal(1), servers: z.array(serverManifestSchema) })
export type Manifest = z.infer<typeof manifestSchema>

/** What of a tool's definition a live server can change under a reviewer's feet. */
export interface FingerprintedTool {
  name: string
  description?: string | undefined
  inputSchema: JsonObject
  outputSchema?: JsonObject | undefined
  annotations?: JsonObject | undefined
}

/** The digest of a tool's name, description, schemas and annotations: a live tool whose fingerprint differs is refused. */
export function fingerprint({ name, description, inputSchema, outputSchema, annotations }: FingerprintedTool): string {
  const { $schema: _in, ...input } = inputSchema
  const { $schema: _out, ...output } = outputSchema ?? {}
  return digest({
    name,
    description: description ?? '',
    input,
    output: outputSchema ? output : null,
    annotations: annotations ?? {},
  })
}
