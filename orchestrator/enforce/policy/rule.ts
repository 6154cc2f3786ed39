import { z } from 'zod'

/** What a reason may quote of the call that it is about. */
export const reasonHoles = ['task', 'tool', 'server', 'principal', 'untrusted_destinations'] as const

const ruleSchema = z.strictObject({
  /** What verdicts call it. */
  name: z.string().regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'must be words in lower case, joined by hyphens'),
  /** CEL over the facts of a call; `true` matches every call. */
  when: z.union([z.string().min(1), z.literal(true)], 'must be an expression in CEL, or true').transform(String),
  verdict: z.enum(['allow', 'deny', 'hold']),
  /** For people; `{tool}` and the like stand for what the call names. */
  reason: z.string().min(1),
  /** Of a hold: whoever the run acts for may not decide. */
  four_eyes: z.boolean().default(false),
})

/** A policy file. */
export const policyFileSchema = z.strictObject({
  /** In order: the first that matches a call decides. */
  rules: z.array(ruleSchema).default([]),
  /** `stop` ends, and undoes, a run whose call asked the network for what its tool does not declare. */
  on_denied_egress: z.enum(['record', 'stop']).default('record'),
})

export type Rule = z.output<typeof ruleSchema>
