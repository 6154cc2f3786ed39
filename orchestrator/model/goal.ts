import { z } from 'zod'

const factName = z
  .string()
  .regex(/^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$/, 'a fact is dotted lower-case words, such as billing.subscription')

const toolPattern = z
  .string()
  .regex(
    /^[a-z][a-z0-9_]*\.([a-z][a-z0-9_]*|\*)$/,
    'a tool by its full name, billing.create_customer, or a server, billing.*',
  )

/** What happens when an outcome cannot be had: undo the run, wait for a person, or accept the run without it. */
export const onFailure = ['undo', 'wait', 'accept'] as const

const outcomeSchema = z.strictObject({
  fact: factName,
  on_failure: z.enum(onFailure).default('wait'),
  /** True where an outcome that already holds will do: then a read may establish it. */
  existing: z.boolean().default(false),
})
export type Outcome = z.infer<typeof outcomeSchema>

const limits = {
  tool_calls: z.int().min(1),
  compensation_calls: z.int().min(0),
  /** How many plans may be accepted. */
  revisions: z.int().min(1),
  /** Calls in flight at once, and of those at one server. */
  concurrency: z.int().min(1),
  server_concurrency: z.int().min(1),
  /** Seconds, without the time in which people were asked. */
  wall_clock_s: z.int().min(1),
  model_calls: z.int().min(0),
  /** Tokens read and written, together. */
  tokens: z.int().min(0),
  /** US dollars. */
  cost_usd: z.number().min(0),
}

/** What a run may spend. Compensation draws on a reserve of its own, so that an undo is never starved. */
export const budgetSchema = z.strictObject({
  tool_calls: limits.tool_calls.default(100),
  compensation_calls: limits.compensation_calls.default(100),
  revisions: limits.revisions.default(5),
  concurrency: limits.concurrency.default(8),
  server_concurrency: limits.server_concurrency.default(4),
  wall_clock_s: limits.wall_clock_s.default(3600),
  model_calls: limits.model_calls.default(50),
  tokens: limits.tokens.default(2_000_000),
  cost_usd: limits.cost_usd.default(10),
})
export type Budget = z.infer<typeof budgetSchema>

/** Some limits, without defaults: what is left out stays as it is elsewhere. */
export const lowerBudgetSchema = z.strictObject(limits).partial()

/**
 * What a sub-goal may use of what its parent may: limits of its budget, and tools by full name or `<server>.*`. A limit that is
 * left out is that of the sub-goal itself.
 */
export const sliceSchema = z.strictObject({
  budget: lowerBudgetSchema.prefault({}),
  tools: z.array(toolPattern).optional(),
})

const listName = z
  .string()
  .regex(/^(?!input$|tasks$)[a-z][a-z0-9_]{0,63}$/, 'lower-case letters, digits and "_", not input or tasks')

/** One task for each item of a list: `{"$ref": "/<as>/…"}` points into the item. At most `max` items, all reserved at once. */
export const fanOutSchema = z.strictObject({ ref: z.string(), as: listName, max: z.int().min(1).max(1_000) })
export type FanOut = z.infer<typeof fanOutSchema>

/** How long a task may wait for its start: seconds, at most a year. */
export const delaySchema = z
  .int()
  .min(1)
  .max(366 * 24 * 3600)

/** What happens when nobody answers a question in time. */
const answerSchema = z.strictObject({
  within_s: z
    .int()
    .min(1)
    .default(7 * 24 * 3600),
  otherwise: z.enum(['accept', 'undo']).default('accept'),
})

/**
 * A goal: what is asked. Literal arguments are keyed by fact, not by tool. `{"$text": "… {some.fact} …"}` composes a text
 * from facts (`{some.fact|instead}` where the fact may be missing), `{"$fact": "some.fact"}` stands for another fact's
 * value and `{"$item": "/pointer"}` for a part of the item that a task of `for_each` is for; whoever plans turns all of
 * them into references.
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
  /** Fact that is established once for each item of a list → the fact whose value is the list. */
  for_each: z
    .record(factName, z.strictObject({ list: factName, ...fanOutSchema.omit({ ref: true }).shape }))
    .default({}),
  /** Fact that a sub-goal establishes (`goals.<name>`) → what its run may use. */
  slices: z.record(factName, sliceSchema).default({}),
  /** Fact → the facts that are to be established before it, where no value says so. */
  after: z.record(factName, z.array(factName)).default({}),
  /** Fact → seconds to wait before it is established, once all that it needs is there. */
  delays: z.record(factName, delaySchema).default({}),
  /** The only tools that the run may use, by full name or `<server>.*`; all reviewed ones where it is left out. */
  tools: z.array(toolPattern).optional(),
  /** Whom to tell when the run waits for a person: an outcome and the literal arguments for it, which may use `run.id` and `run.trouble`. */
  on_trouble: z.strictObject({ fact: factName, arguments: z.record(factName, z.json()) }).optional(),
  answer: answerSchema.prefault({}),
  /** A plan that its reasoner is less sure of than this waits for a person; 0 to 1. */
  confidence: z.number().min(0).max(1).optional(),
  budget: budgetSchema.prefault({}),
})
export type Goal = z.infer<typeof goalSchema> & {
  /** Of a goal that no file says, for a host asked for it: the one tool that is called, with the input as its arguments. */
  call?: string
}
