import { z } from 'zod'

const factName = z
  .string()
  .regex(/^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$/, 'a fact is dotted lower-case words, such as billing.subscription')

/** What happens when an outcome cannot be had: undo the run, wait for a person, or accept the run without it. */
export const onFailure = ['undo', 'wait', 'accept'] as const

const outcomeSchema = z.strictObject({
  fact: factName,
  on_failure: z.enum(onFailure).default('wait'),
  /** True where an outcome that already holds will do: then a read may establish it. */
  existing: z.boolean().default(false),
})
export type Outcome = z.infer<typeof outcomeSchema>

/** What a run may spend. Compensation draws on a reserve of its own, so that an undo is never starved. */
const budgetSchema = z.strictObject({
  tool_calls: z.int().min(1).default(100),
  compensation_calls: z.int().min(0).default(100),
  revisions: z.int().min(1).default(5),
  concurrency: z.int().min(1).default(8),
  wall_clock_s: z.int().min(1).default(3600),
})

/**
 * A goal: what is asked. Literal arguments are keyed by fact, not by tool. `{"$text": "… {some.fact} …"}` composes a text
 * from facts (`{some.fact|instead}` where the fact may be missing) and `{"$fact": "some.fact"}` stands for another fact's
 * value; whoever plans turns both into references.
 */
export const goalSchema = z.strictObject({
  goal: z.string().regex(/^[a-z][a-z0-9_-]*$/, 'lower-case letters, digits, "-" and "_"'),
  title: z.string().min(1),
  description: z.string().default(''),
  /** JSON Schema of the input; a property may carry `fact: <name>` and `sensitive: true`. */
  input: z.record(z.string(), z.json()),
  outcomes: z.array(outcomeSchema).min(1),
  arguments: z.record(factName, z.json()).default({}),
  /** Fact → the tool that has to supply it, where several could. */
  bind: z.record(factName, z.string()).default({}),
  /** Whom to tell when the run waits for a person: an outcome and the literal arguments for it, which may use `run.id` and `run.trouble`. */
  on_trouble: z.strictObject({ fact: factName, arguments: z.record(factName, z.json()) }).optional(),
  budget: budgetSchema.prefault({}),
})
export type Goal = z.infer<typeof goalSchema>
