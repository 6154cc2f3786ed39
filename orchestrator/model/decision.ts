import { z } from 'zod'
import { issueSchema } from '../../shared/failure.ts'
import { delaySchema, fanOutSchema, sliceSchema } from './goal.ts'

/** One step of a plan: one tool, its arguments (literals, references, texts) and what it comes after. */
export const taskSchema = z.strictObject({
  /** Unique across all revisions of the run's plan. */
  id: z.string().regex(/^[a-z][a-z0-9_]{0,63}$/, 'lower-case letters, digits and "_", at most 64'),
  /** `<server>.<tool>`. */
  tool: z.string(),
  arguments: z.record(z.string(), z.json()),
  /** Ids of tasks that must have succeeded first, besides those that the arguments refer to. */
  after: z.array(z.string()).default([]),
  why: z.string().default(''),
  /** One task for each item of a list: item `i` is the task `<id>/<i>`, and the output is the array of their outputs. */
  for_each: fanOutSchema.optional(),
  /** Of a sub-goal: what its run may use. */
  slice: sliceSchema.optional(),
  /** Seconds between all that it waits for and its start. */
  delay_s: delaySchema.optional(),
  /** True where the task only tells people about trouble: it is no evidence, is not undone, and is not tried again. */
  notice: z.boolean().optional(),
})
export type Task = z.infer<typeof taskSchema>

const confidence = z
  .number()
  .min(0)
  .max(1)
  .optional()
  .describe('How sure the reasoner is that the plan leads to the goal: 0 to 1.')

const why = z.string().describe('One sentence for people: why this is the decision.')

/**
 * What a reasoner may return, and all that it may do. A `plan` holds every task that has not started; the ones that have
 * started stay as they are and may be referred to.
 */
export const decisionSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('plan'), tasks: z.array(taskSchema), confidence, why }),
  z.strictObject({ kind: z.literal('find_tools'), query: z.string(), why }),
  z.strictObject({ kind: z.literal('ask'), question: z.string(), choices: z.array(z.string()).min(1), why }),
  z.strictObject({
    kind: z.literal('finish'),
    /** The call that established each outcome: the evidence, which the runtime checks. */
    outcomes: z.array(z.strictObject({ fact: z.string(), established_by: z.string() })),
    why,
  }),
  z.strictObject({
    kind: z.literal('give_up'),
    /** Stable code, e.g. `no_plan`, `ambiguous_fact`, `task_failed`. */
    code: z.string(),
    /** The outcomes that cannot be had. */
    facts: z.array(z.string()),
    issues: z.array(issueSchema).default([]),
    /** How to tell people, as the goal's `on_trouble` says; run only where the run then waits for them. */
    notice: z.array(taskSchema).optional(),
    why,
  }),
])
export type Decision = z.infer<typeof decisionSchema>

/** What deciding cost. */
export interface Usage {
  model_calls: number
  input_tokens: number
  output_tokens: number
  cost_usd: number
  /** Of the input tokens: those that the vendor's cache had already, and those that it took in. */
  cache_read_tokens?: number
  cache_write_tokens?: number
}

/** What deciding without a model costs. */
export const noUsage: Usage = { model_calls: 0, input_tokens: 0, output_tokens: 0, cost_usd: 0 }

/** Adds to a total, in place. */
export function addUsage(total: Usage, usage: Usage): void {
  total.model_calls += usage.model_calls
  total.input_tokens += usage.input_tokens
  total.output_tokens += usage.output_tokens
  total.cost_usd += usage.cost_usd
  for (const name of ['cache_read_tokens', 'cache_write_tokens'] as const)
    if (usage[name] !== undefined) total[name] = (total[name] ?? 0) + usage[name]
}

/** A decision with what it cost and who made it. */
export interface Decided {
  decision: Decision
  usage: Usage
  /** Who decided in the end, where that is not the reasoner that was asked. */
  by?: string
}
