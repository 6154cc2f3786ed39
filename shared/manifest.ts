import { join } from 'node:path'
import { z } from 'zod'
import { isLoopback } from './capability/loopback.ts'
import { digest, type JsonObject } from './json.ts'

/** What a server or a tool may be called. */
export const plainName = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,63}$/, 'lower case letters, digits and underscores, at most 64')
export const factName = z
  .string()
  .regex(/^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$/, 'dotted lower-case words: billing.customer_id')
const jsonSchema = z.record(z.string(), z.json())
/** Arguments of a compensation or lookup: `{"$ref": "/output/…"}` and `{"$ref": "/arguments/…"}` point into the call. */
export const boundCall = z.strictObject({ tool: plainName, arguments: z.record(z.string(), z.json()) })

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
export const marks = z.strictObject({
  facts: z.record(z.string(), factName).default({}),
  sensitive: z.array(z.string()).default([]),
  destinations: z.array(z.string()).default([]),
})
export type Marks = z.infer<typeof marks>

/** The environment variable of an endpoint, a credential or a setting. */
export const variable = z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'an environment variable: STRIPE_API_BASE')

const pathPattern = z
  .string()
  .regex(
    /^\/$|^(\/(?!\.{1,2}(\/|$))([\w.~-]+|\{[a-z][a-z0-9_]*\}))+$/,
    'exact segments and {placeholders} for one segment each: /v1/customers/{customer}',
  )

/** Requests that a tool may make at an endpoint; paths are relative to the endpoint's URL and come without a query. */
export const requestRuleSchema = z.strictObject({
  endpoint: variable,
  methods: z.array(z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])).min(1),
  paths: z.array(pathPattern).min(1),
})
export type RequestRule = z.infer<typeof requestRuleSchema>

/** What a text in a tool's error means, where its server does not say so in Remit's terms: `ENOENT` → `not_found`. */
export const failureRule = z.strictObject({
  contains: z.string().min(1),
  kind: z.enum(['invalid_input', 'not_found', 'conflict', 'declined', 'unauthorized']),
})

export const toolManifestSchema = z.strictObject({
  name: plainName,
  title: z.string(),
  description: z.string(),
  input: jsonSchema,
  output: jsonSchema.optional(),
  annotations: z.record(z.string(), z.union([z.boolean(), z.string()])).default({}),
  effect: z.enum(effects),
  idempotency: idempotencySchema,
  scopes: z.array(z.string()).default([]),
  /** The requests that a call may cause at the server's `http` endpoints; others are refused. */
  egress: z.array(requestRuleSchema).default([]),
  /** CEL over `arguments` and `output`; false turns a success into the failure `unsatisfied`. */
  expect: z.string().optional(),
  establishes: z.array(factName).default([]),
  marks: z.strictObject({ input: marks, output: marks }),
  compensation: boundCall.optional(),
  lookup: boundCall.optional(),
  /** Milliseconds that one call may take. */
  timeout_ms: z.int().min(1).default(30_000),
  fingerprint: z.string(),
  /** What its server calls it, where that is no name of ours: `get-sum`. */
  wire_name: z.string().min(1).max(256).optional(),
  /** The request that it stands for, where it is no tool of its server: a resource is read, a prompt is got. */
  method: z.enum(['resources/read', 'prompts/get']).optional(),
  /** The first that fits says what an error of a stranger's tool means; without one it is `declined`. */
  failures: z.array(failureRule).optional(),
})
export type ToolManifest = z.infer<typeof toolManifestSchema>

/** An endpoint the server reaches: given to it as an environment variable that holds a URL. */
const endpoint = z.strictObject({
  description: z.string(),
  protocol: z.enum(['http', 'smtp', 'postgres']),
  /** The vendor's own URL, used in `mode: live` where the operator names no other. */
  live: z.string().optional(),
})

/** How a request carries a credential: `Authorization: Bearer …`, `Basic …` (of `user:value`, or of the value alone), or a header of the vendor's own. */
export const headerFormSchema = z.discriminatedUnion('form', [
  z.strictObject({ form: z.literal('bearer') }),
  z.strictObject({
    form: z.literal('basic'),
    user: z
      .string()
      .regex(/^[^:\p{Cc}]*$/u)
      .optional(),
  }),
  z.strictObject({ form: z.literal('header'), name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/i, 'a header: X-Api-Key') }),
])
export type HeaderForm = z.infer<typeof headerFormSchema>

/**
 * A credential slot: the operator's configuration maps it to a source. By `env` the server gets the value as an environment
 * variable. By `egress` it gets a placeholder instead, and the value is added to its requests to one endpoint on their way out.
 */
const credential = z.union([
  z.strictObject({
    description: z.string(),
    optional: z.boolean().default(false),
    delivery: z.literal('env').default('env'),
  }),
  z.strictObject({
    description: z.string(),
    optional: z.boolean().default(false),
    delivery: z.literal('egress'),
    endpoint: variable,
    header: headerFormSchema,
    /** What the server gets in the value's place: of the shape that it checks for, and worth nothing. */
    placeholder: z.string().min(1),
  }),
])
export type CredentialSlot = z.infer<typeof credential>

/** What an operator may choose for a server without its being a secret: the sender of its mail. */
const setting = z.strictObject({ description: z.string() })

/** An absolute path, or one relative to the project's root; a star would be a hole that nobody has looked at. */
const exactPath = z
  .string()
  .regex(/^[^*?[\]{}\0]+$/, 'an exact path: no wildcards')
  .refine((path) => !path.split(/[\\/]/).includes('..'), 'a path without ".."')

/** What a server may use of the machine. Sizes in MiB. */
const jailLimits = z.strictObject({
  memory_mb: z.int().min(64).max(65_536).default(512),
  /** Processes and threads together, those at the jail's entrance included. */
  processes: z.int().min(32).max(4_096).default(96),
  /** Of a processor: 0.5 is half of one. */
  cpu: z.number().min(0.05).max(64).default(1),
  open_files: z.int().min(64).max(65_536).default(256),
  /** What its temporary files, and its own folder, may hold; and any one file. */
  scratch_mb: z.int().min(1).max(65_536).default(64),
  /** JSON that one result may have. */
  output_mb: z.number().min(0.01).max(64).default(4),
})
export type JailLimits = z.infer<typeof jailLimits>

/** What a server's jail lets it do besides reading its own code, and writing its own folder and scratch: by default nothing. */
export const jailSchema = z.strictObject({
  read: z.array(exactPath).default([]),
  write: z.array(exactPath).default([]),
  ...jailLimits.shape,
  /** The word that lets a server run in no sandbox at all, where nothing else is possible. */
  sandbox: z.literal('none').optional(),
})
export type JailManifest = z.infer<typeof jailSchema>

/** What is sent there must not be readable on the way. */
const remoteUrl = z
  .url({ protocol: /^https?$/ })
  .refine((text) => text.startsWith('https:') || isLoopback(URL.parse(text)?.hostname ?? ''), {
    error: 'must be an https URL, or one on loopback',
  })

/** A stranger's server at a URL. Its code cannot be pinned, only what it tells of its tools. */
const remote = z.strictObject({
  url: remoteUrl,
  /** How requests carry who they are from: not at all, or by the credential of that slot as a bearer token. */
  auth: z.union([z.literal('none'), z.strictObject({ bearer: variable })]).default('none'),
})
export type RemoteManifest = z.infer<typeof remote>

/** The name of a fault that can be rehearsed: `flaky`. */
const faultMode = z.string().regex(/^[a-z][a-z0-9_-]*$/, 'lower-case letters, digits, "-" and "_"')

const serverSchema = z.strictObject({
  name: plainName,
  title: z.string(),
  version: z.string(),
  description: z.string(),
  /** For hosts' models: what the server is for and in which order its tools make sense. */
  instructions: z.string().optional(),
  /** How to start it, relative to the project's root. `node` means the pinned Node. */
  command: z.array(z.string()).default([]),
  /** Where it runs instead, by itself. */
  remote: remote.optional(),
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
  /** It keeps nothing in its own folder that another instance would miss, so it may run elsewhere in several. */
  instances: z.literal('many').optional(),
  /** `host:port`, exact names only. */
  egress: z.array(z.string().regex(/^[a-z0-9.-]+:\d+$/i, 'an exact host and port: api.stripe.com:443')).default([]),
  /** Absent: the defaults of every field. */
  jail: jailSchema.optional(),
  tools: z.array(toolManifestSchema),
})

export const serverManifestSchema = serverSchema.superRefine((server, context) => {
  const { endpoints, credentials, tools, command, remote } = server
  if (command.length > 0 === (remote !== undefined))
    context.addIssue({ code: 'custom', path: ['command'], message: 'a server has either a command or a remote' })
  const slot = typeof remote?.auth === 'object' ? remote.auth.bearer : undefined
  if (slot !== undefined && !Object.hasOwn(credentials, slot))
    context.addIssue({ code: 'custom', path: ['remote', 'auth', 'bearer'], message: `${slot} is no credential slot` })
  const needsHttp = (endpoint: string, path: (string | number)[]): void => {
    if (endpoints[endpoint]?.protocol === 'http') return
    context.addIssue({ code: 'custom', path, message: `${endpoint} is no http endpoint of this server` })
  }
  for (const [slot, credential] of Object.entries(credentials))
    if (credential.delivery === 'egress') needsHttp(credential.endpoint, ['credentials', slot, 'endpoint'])
  for (const [t, { egress }] of tools.entries())
    for (const [r, { endpoint }] of egress.entries()) needsHttp(endpoint, ['tools', t, 'egress', r, 'endpoint'])
})
export type ServerManifest = z.infer<typeof serverManifestSchema>

/** The reviewed authority on what each server may do: `servers/manifest.json`. */
export const manifestSchema = z.strictObject({ version: z.literal(1), servers: z.array(serverManifestSchema) })
export type Manifest = z.infer<typeof manifestSchema>

/** Where the reviewed manifest of a project lies. */
export function manifestFileOf(project: string): string {
  return join(project, 'servers', 'manifest.json')
}

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
