import { z } from 'zod'

/**
 * What a model answers: one decision, in the subset of JSON Schema that an endpoint can hold a model to. That subset knows
 * no open objects and no recursion, so arguments are a flat list: each says by JSON pointer where it stands.
 */
const at = z.string().describe('JSON pointer into the arguments, such as /customer_id or /items/0/name.')
const ref = z.string().describe('JSON pointer, such as /input/email or /tasks/create_org/output/organization_id.')

const argumentSchema = z.union(
  [
    z.strictObject({ at, ref }),
    z.strictObject({ at, text: z.array(z.union([z.string(), z.strictObject({ ref })])) }),
    z.strictObject({ at, value: z.union([z.string(), z.number(), z.boolean(), z.null()]) }),
    z.strictObject({ at, json: z.string().describe('JSON text: for [], {} and what the other forms cannot say.') }),
  ],
  { error: 'must be {at, ref}, {at, text: […]}, {at, value} or {at, json}' },
)
export type AnsweredArgument = z.infer<typeof argumentSchema>

const sliceSchema = z.strictObject({
  tools: z.array(z.string()).optional().describe('Tools by full name, or "server.*".'),
  tool_calls: z.int().optional(),
  model_calls: z.int().optional(),
  tokens: z.int().optional(),
  cost_usd: z.number().optional(),
})

const taskSchema = z.strictObject({
  id: z.string(),
  tool: z.string().describe('Full name: server.tool.'),
  arguments: z.array(argumentSchema),
  after: z.array(z.string()).describe('Ids of tasks that must succeed first, besides those that references name.'),
  why: z.string(),
  for_each: z.strictObject({ ref, as: z.string(), max: z.int() }).optional(),
  slice: sliceSchema.optional(),
  delay_s: z.int().optional(),
})
export type AnsweredTask = z.infer<typeof taskSchema>

const why = z.string().describe('One sentence for people.')

export const answerSchema = z.strictObject({
  decision: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('plan'),
      tasks: z.array(taskSchema),
      confidence: z.number().describe('How sure you are that this plan leads to the goal: 0 to 1.'),
      why,
    }),
    z.strictObject({ kind: z.literal('find_tools'), query: z.string(), why }),
    z.strictObject({ kind: z.literal('ask'), question: z.string(), choices: z.array(z.string()), why }),
    z.strictObject({
      kind: z.literal('finish'),
      outcomes: z.array(z.strictObject({ fact: z.string(), established_by: z.string().describe('Id of a task.') })),
      why,
    }),
    z.strictObject({ kind: z.literal('give_up'), code: z.string(), facts: z.array(z.string()), why }),
  ]),
})
export type Answer = z.infer<typeof answerSchema>['decision']

/** The same as JSON Schema. Its bytes never change, or the prompt cache would be lost. */
export const answerJsonSchema: Record<string, unknown> = inSubset()

/** Without what the subset does not take: the dialect, the bounds of safe integers, and unions that say they are exclusive. */
function inSubset(): Record<string, unknown> {
  const { $schema: _, ...schema } = z.toJSONSchema(answerSchema, {
    override({ jsonSchema }) {
      const { oneOf } = jsonSchema
      for (const name of ['minimum', 'maximum', 'oneOf'] as const) delete jsonSchema[name]
      if (oneOf) jsonSchema.anyOf = oneOf
    },
  })
  return schema
}
