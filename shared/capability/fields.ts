import type { z } from 'zod'

/** The one reverse-DNS prefix of everything Remit adds to the protocol. */
export const metaPrefix = 'dev.remit'

/** Keys under which marks travel in zod metadata, and from which `describeSchema` lifts them out of the JSON Schema. */
export const markKeys = {
  fact: `${metaPrefix}/fact`,
  sensitive: `${metaPrefix}/sensitive`,
  destination: `${metaPrefix}/destination`,
} as const

/** Names the value: outputs feed inputs by this name. An input field without a mark has the fact `<server>.<field>`. */
export function fact<Schema extends z.ZodType>(schema: Schema, name: string): Schema {
  return schema.meta({ ...schema.meta(), [markKeys.fact]: name })
}

/** Marks a value that is sealed in the record and hidden in logs, traces and from models. */
export function sensitive<Schema extends z.ZodType>(schema: Schema): Schema {
  return schema.meta({ ...schema.meta(), [markKeys.sensitive]: true })
}

/** Marks where data goes: a recipient, a channel, a URL, a path. */
export function destination<Schema extends z.ZodType>(schema: Schema): Schema {
  return schema.meta({ ...schema.meta(), [markKeys.destination]: true })
}
