import { z } from 'zod'
import { effects } from '../../shared/manifest.ts'

export const serverParams = z.object({ name: z.string().max(64, 'must be the name of a server') })

const jsonSchema = z.record(z.string(), z.unknown()).describe('JSON Schema.')

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'must be a fingerprint: sha256: and 64 hexadecimal digits')

export const stateSchema = z.enum(['idle', 'starting', 'up', 'backing_off', 'closed'])
export const circuitSchema = z.enum(['closed', 'open', 'half_open'])
export const quarantineSchema = z.array(z.object({ tool: z.string(), why: z.string() }))

const loginSchema = z.object({
  server: z.string(),
  principal: z.string(),
  issuer: z.string(),
  resource: z.string(),
  scopes: z.array(z.string()),
  renewable: z.boolean().describe('Whether it is renewed without anybody’s help.'),
  made_at: z.string(),
  made_by: z.string(),
  expires_at: z.string().optional().describe('When the access token ends, where its issuer said.'),
  renewed_at: z.string().optional(),
  ended: z.string().optional().describe('Why it is good for nothing any more.'),
})

export const loginListSchema = z.object({ logins: z.array(loginSchema) }).meta({ id: 'LoginList' })

const toolSchema = z.looseObject({
  name: z.string(),
  title: z.string(),
  description: z.string(),
  effect: z.enum(effects),
  establishes: z.array(z.string()),
  fingerprint: z.string(),
  input: jsonSchema,
  output: jsonSchema.optional(),
  accepted: z
    .object({ by: z.string(), at: z.string(), over: z.string() })
    .optional()
    .describe('Who accepted it as it is, in the place of the manifest’s, which has the fingerprint `over`.'),
})

/** How the server is, as the process that answers sees it. */
const statusSchema = z.looseObject({
  state: stateSchema,
  circuit: circuitSchema,
  era: z.string().optional().describe('The protocol revision that is spoken.'),
  calls: z.object({ in_flight: z.int(), queued: z.int() }),
  quarantined: quarantineSchema,
  retry_at: z.string().optional(),
  last_error: z.object({ at: z.string(), message: z.string() }).optional(),
})

export const serverSheetSchema = z
  .object({
    name: z.string(),
    title: z.string(),
    version: z.string(),
    description: z.string(),
    tools: z.array(toolSchema).describe('The contract of each: what it does, and how it is undone and looked up.'),
    origin: z.looseObject({ from: z.enum(['project', 'npm', 'command', 'url']) }),
    urls: z.array(z.string()).describe('Where it runs; none where Remit starts it.'),
    emulates: z.string().optional().describe('The vendor that an emulator stands in for.'),
    sandboxed: z.boolean(),
    gaps: z.array(z.string()).describe('What cannot be promised of it.'),
    endpoints: z.array(z.string()),
    credentials: z
      .array(
        z.object({
          slot: z.string(),
          description: z.string(),
          optional: z.boolean(),
          delivery: z.enum(['env', 'egress']),
        }),
      )
      .describe('What it needs; never a value.'),
    egress: z.array(z.string()),
    status: statusSchema.optional().describe('Absent where it was not needed so far.'),
    logins: z.array(loginSchema).optional().describe('Who is logged in there; absent where nobody logs in.'),
  })
  .meta({ id: 'Server' })

const faceSchema = z.object({
  description: z.string(),
  input: jsonSchema,
  output: jsonSchema.optional(),
  annotations: z.record(z.string(), z.unknown()),
  fingerprint: z.string(),
})

/** As `remit servers accept --json` prints it. */
export const toolReviewSchema = z
  .object({
    server: z.string(),
    changed: z.array(
      z.object({
        tool: z.string(),
        why: z.string(),
        reviewed: faceSchema,
        live: faceSchema.optional().describe('Absent where it is not offered, or cannot be accepted.'),
      }),
    ),
    others: z.array(z.string()).describe('Tools that nobody reviewed: they are never called.'),
  })
  .meta({ id: 'ToolReview' })

export const acceptToolsSchema = z
  .strictObject({
    tools: z
      .record(z.string(), digest)
      .refine((tools) => Object.keys(tools).length > 0, 'must name a tool')
      .describe('Tool → the fingerprint of its `live`, as it was seen.'),
  })
  .meta({ id: 'AcceptTools' })

export const acceptedToolsSchema = z
  .object({ server: z.string(), accepted: z.array(z.string()) })
  .meta({ id: 'AcceptedTools' })
