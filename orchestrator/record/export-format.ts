import { z } from 'zod'

/**
 * An export is JSON lines, in this order: one `export`, the `signed_head`s, the `event`s, the `payload`s, one `end`. Events
 * and payloads are in their stored form, in which hashes cover them; sealed values stay sealed.
 */
const hash = z.string().regex(/^[0-9a-f]{64}$/)
const count = z.int().min(0)
const instant = z.iso.datetime()
const head = z.tuple([z.string(), z.int().min(1), hash])

const headerSchema = z.strictObject({
  line: z.literal('export'),
  version: z.literal(1),
  run_id: z.uuid(),
  exported_at: instant,
  /** PEM of the key that the heads are signed with. */
  public_key: z.string(),
})

const signedHeadSchema = z.strictObject({
  line: z.literal('signed_head'),
  id: z.int().min(1),
  at: instant,
  prev_digest: hash,
  /** Base64. */
  signature: z.string(),
  /** The whole signed statement where it is of version 1; else our head in it, and what leads to the root of its tree. */
  signed: z.union([
    z.strictObject({ v: z.literal(1), heads: z.array(head) }),
    z.strictObject({
      v: z.literal(2),
      count,
      head,
      path: z.array(z.tuple([z.enum(['left', 'right']), hash])),
    }),
  ]),
})

const eventSchema = z.strictObject({
  line: z.literal('event'),
  seq: z.int().min(1),
  type: z.string(),
  v: z.int().min(1),
  at: instant,
  /** Any JSON; a schema that rebuilt it could lose what a hash covers. */
  data: z.unknown(),
  prev_hash: hash,
  hash,
  tenant: z.string(),
})

const payloadSchema = z.strictObject({ line: z.literal('payload'), digest: z.string(), content: z.string() })

const endSchema = z.strictObject({
  line: z.literal('end'),
  signed_heads: count,
  events: count,
  payloads: count,
  /** SHA-256, in hex, over all lines before. */
  digest: hash,
})

/** One line of an export. */
export const exportLineSchema = z.discriminatedUnion('line', [
  headerSchema,
  signedHeadSchema,
  eventSchema,
  payloadSchema,
  endSchema,
])

export type ExportLine = z.infer<typeof exportLineSchema>
export type SignedHeadLine = z.infer<typeof signedHeadSchema>
export type EventLine = z.infer<typeof eventSchema>
