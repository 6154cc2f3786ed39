import { z } from 'zod'

/**
 * What a model answers: one decision, in the subset of JSON Schema that an endpoint can hold a model to. That subset knows
 * no open objects and no recursion, so arguments are a flat list: each says by JSON pointer where it stands.
 */

/** Nobody reads, and no tool takes, more than this. What an endpoint can hold a model to knows no such limits. */
const most = { name: 200, words: 2_000, pointer: 1_000, literal: 100_000, tasks: 500, arguments: 500, parts: 200 }

const nameSchema = z.string().max(most.name)
const why = z.string().max(most.words).describe('One sentence for people.')
const at = z
  .string()
  .max(most.pointer)
  .describe('JSON pointer into the arguments, such as /customer_id or /items/0/name.')
const ref = z
  .string()
  .max(most.pointer)
  .describe('JSON pointer, such as /input/email or /tasks/create_org/output/organization_id.')
const literal = z.string().max(most.literal)

const argumentSchema = z.union(
  [
    z.strictObject({ at, ref }),
    z.strictObject({ at, text: z.array(z.union([literal, z.strictObject({ ref })])).max(most.parts) }),
    z.strictObject({ at, value: z.union([literal, z.number(), z.boolean(), z.null()]) }),
    z.strictObject({ at, json: literal.describe('JSON text: for [], {} and what the other forms cannot say.') }),
  ],
  {
    error: `must be {at, ref}, {at, text: […]}, {at, value} or {at, json}, no text longer than ${most.literal} letters`,
  },
)
export type AnsweredArgument = z.infer<typeof argumentSchema>

const sliceSchema = z.strictObject({
  tools: z.array(nameSchema).max(most.parts).optional().describe('Tools by full name, or "server.*".'),
  tool_calls: z.int().optional(),
  model_calls: z.int().optional(),
  tokens: z.int().optional(),
  cost_usd: z.number().optional(),
})

const taskSchema = z.strictObject({
  id: nameSchema,
  tool: nameSchema.describe('Full name: server.tool.'),
  arguments: z.array(argumentSchema).max(most.arguments),
  after: z
    .array(nameSchema)
    .max(most.tasks)
    .describe('Ids of tasks that must succeed first, besides those that references name.'),
  why: z.string().max(most.words),
  for_each: z.strictObject({ ref, as: nameSchema, max: z.int() }).optional(),
  slice: sliceSchema.optional(),
  delay_s: z.int().optional(),
})
export type AnsweredTask = z.infer<typeof taskSchema>

export const answerSchema = z.strictObject({
  decision: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('plan'),
      tasks: z.array(taskSchema).max(most.tasks),
      confidence: z.number().describe('How sure you are that this plan leads to the goal: 0 to 1.'),
      why,
    }),
    z.strictObject({ kind: z.literal('find_tools'), query: nameSchema, why }),
    z.strictObject({
      kind: z.literal('ask'),
      question: z.string().max(most.words),
      choices: z.array(nameSchema).max(20),
      why,
    }),
    z.strictObject({
      kind: z.literal('finish'),
      outcomes: z
        .array(z.strictObject({ fact: nameSchema, established_by: nameSchema.describe('Id of a task.') }))
        .max(most.parts),
      why,
    }),
    z.strictObject({ kind: z.literal('give_up'), code: nameSchema, facts: z.array(nameSchema).max(most.parts), why }),
  ]),
})
export type Answer = z.infer<typeof answerSchema>['decision']

/** The same as JSON Schema. Its bytes never change, or the prompt cache would be lost. */
export const answerJsonSchema: Record<string, unknown> = inSubset()

/** Without what the subset does not take: the dialect, bounds, and unions that say they are exclusive. */
function inSubset(): Record<string, unknown> {
  const { $schema: _, ...schema } = z.toJSONSchema(answerSchema, {
    override({ jsonSchema }) {
      const { oneOf } = jsonSchema
      for (const name of ['minimum', 'maximum', 'maxLength', 'maxItems', 'oneOf'] as const) delete jsonSchema[name]
      if (oneOf) jsonSchema.anyOf = oneOf
    },
  })
  return schema
}
