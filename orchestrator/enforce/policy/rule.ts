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

/** The rules of a policy file, in order: the first that matches a call decides. */
export const policyFileSchema = z.strictObject({ rules: z.array(ruleSchema).default([]) })

export type Rule = z.output<typeof ruleSchema>
