import { z } from 'zod'
import type { Json } from '../../shared/json.ts'

/** Where a secret comes from: never from the definition itself. */
const secretSource = z.union(
  [z.strictObject({ env: z.string().min(1) }), z.strictObject({ file: z.string().min(1) })],
  'must be { env: NAME } or { file: PATH }: a secret never stands here itself',
)

export type SecretSource = z.output<typeof secretSource>

/** What every webhook has: whoever knows one of its secrets may deliver. Several let one be changed for another. */
const signed = {
  secrets: z.array(secretSource).min(1, 'at least one secret is needed: an unsigned webhook could come from anybody'),
  /** How old a signed timestamp may be, and how far ahead. */
  tolerance_s: z.int().min(1).max(3_600).default(300),
}

const webhookSchema = z.discriminatedUnion('source', [
  z.strictObject({ source: z.literal('stripe'), ...signed }),
  z.strictObject({ source: z.literal('github'), secrets: signed.secrets }),
  z.strictObject({ source: z.literal('slack'), ...signed }),
  z.strictObject({ source: z.literal('standard_webhooks'), ...signed }),
  z.strictObject({
    source: z.literal('hmac'),
    ...signed,
    algorithm: z.enum(['sha256', 'sha512']).default('sha256'),
    encoding: z.enum(['hex', 'base64']).default('hex'),
    /** The header with the signature, and what stands in it before the signature. */
    header: z.string().min(1),
    prefix: z.string().default(''),
    /** What is signed: `{body}`, and `{timestamp}` and `{id}` where the sender signs them, too. */
    signs: z
      .string()
      .regex(/\{body\}/, 'must have {body} in it')
      .default('{body}'),
    timestamp_header: z.string().min(1).optional(),
    id_header: z.string().min(1).optional(),
  }),
])

export type Webhook = z.output<typeof webhookSchema>

const scheduleSchema = z.strictObject({
  /** Five or six fields, as cron has them. */
  cron: z.string().min(1),
  timezone: z.string().min(1).default('UTC'),
  /** What becomes of instants that passed while no worker was there: none of them, the last, or all, up to `most`. */
  catch_up: z.enum(['none', 'last', 'all']).default('none'),
  most: z.int().min(1).max(1_000).default(24),
})

export type Schedule = z.output<typeof scheduleSchema>

/** A trigger as its YAML file has it: what starts the goal, and which input it gets. */
export const triggerSchema = z.strictObject({
  trigger: z.string().regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'must be words in lower case, joined by hyphens'),
  goal: z.string().min(1),
  /** Who decides. The planner unless said, so that nothing that comes from outside costs anything that nobody wanted. */
  reasoner: z.string().min(1).default('planner'),
  tenant: z.string().min(1).default('default'),
  /** CEL over `payload`: what does not meet it is acknowledged, and starts nothing. */
  when: z.string().min(1).optional(),
  /** JSON in which `{$pointer: /a/b}` and `{$cel: …}` stand for what the payload has. */
  input: z.record(z.string(), z.json()).default({}),
  on: z.union(
    [
      z.strictObject({ webhook: webhookSchema }),
      z.strictObject({ schedule: scheduleSchema }),
      z.strictObject({ queue: z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/) }),
    ],
    'must be one of webhook, schedule and queue, whole and right',
  ),
})

export type Trigger = Omit<z.output<typeof triggerSchema>, 'input'> & { input: Record<string, Json> }

/** On whose behalf a trigger's runs act. */
export function principalOf({ trigger }: Pick<Trigger, 'trigger'>): string {
  return `trigger:${trigger}`
}
