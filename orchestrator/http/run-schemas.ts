import { z } from 'zod'
import { lowerBudgetSchema } from '../model/goal.ts'
import { runStatuses } from '../model/run.ts'

/** Texts that people write and Postgres keeps. */
const text = z.string().min(1).max(10_000)

/** Names as records and labels take them. */
export const name = z.string().regex(/^[^\p{Cc}\p{Cs}]{1,200}$/u, 'must be 1 to 200 characters, none of them a control')

export const runId = z.uuid('must be the id of a run')

export const runParams = z.object({ id: runId })

export const idempotencyHeaders = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 visible ASCII characters')
    .optional()
    .describe('A request that is repeated under its key gets the same run. Known for seven days, for each principal.'),
})

export const newRunSchema = z
  .strictObject({
    goal: name.optional().describe('The name of a goal.'),
    text: text.optional().describe('What is to be achieved, in words; instead of `goal`.'),
    input: z.record(z.string(), z.unknown()).default({}).describe('What the goal takes; checked before the answer.'),
    outcomes: z.array(name).max(100).optional().describe('With `text`: the facts that must hold at the end.'),
    budget: lowerBudgetSchema
      .meta({ id: 'Budget' })
      .optional()
      .describe('Lower limits than the goal and the key have.'),
    reasoner: name.optional().describe('What decides: unless said, the planner for a goal, a model for a text.'),
  })
  .refine(({ goal, text: words }) => (goal === undefined) !== (words === undefined), {
    path: ['goal'],
    message: 'give either a goal or a text',
  })
  .meta({ id: 'NewRun' })

export const acceptedSchema = z.object({ run_id: z.string() }).meta({ id: 'Accepted' })

/** The instants that Postgres has, too: there is no year 0 there. */
const years = { from: Date.parse('0001-01-01T00:00:00Z'), to: Date.parse('9999-12-31T23:59:59.999Z') }

export const instant = z.iso
  .datetime({ offset: true })
  .refine((text) => !(Date.parse(text) < years.from || Date.parse(text) > years.to), 'must be of the years 1 to 9999')

export const runFilterSchema = z.object({
  status: z.enum(runStatuses).optional(),
  goal: name.optional(),
  principal: name.optional(),
  from: instant.optional().describe('Accepted at this instant or later.'),
  to: instant.optional().describe('Accepted before this instant.'),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: runId.optional().describe('The `next` of the page before.'),
})

export const runListSchema = z
  .object({
    runs: z.array(
      z.object({
        run_id: z.string(),
        goal: z.string(),
        status: z.enum(runStatuses),
        principal: z.string(),
        parent_run: z.string().optional(),
        created_at: z.string(),
        updated_at: z.string(),
      }),
    ),
    next: z.string().optional().describe('The cursor of the next page, where there is one.'),
  })
  .meta({ id: 'RunList' })

/** As `remit show --json` prints it; what is not listed here is listed there. */
export const runDocumentSchema = z
  .looseObject({
    run_id: z.string(),
    goal: z.string(),
    status: z.enum(runStatuses),
    outcomes: z.array(z.object({ fact: z.string(), established_by: z.string() })),
    plan: z.object({
      revision: z.int(),
      tasks: z.array(z.object({ id: z.string(), tool: z.string(), status: z.string(), after: z.array(z.string()) })),
    }),
    calls: z.array(
      z.looseObject({
        call_id: z.string(),
        task_id: z.string(),
        server: z.string(),
        tool: z.string(),
        attempt: z.int(),
        status: z.enum(['intended', 'succeeded', 'failed', 'uncertain']),
        failure_kind: z.string().optional(),
        idempotency_key: z.string(),
        started_at: z.string().optional(),
        settled_at: z.string().optional(),
        compensates: z.string().optional(),
      }),
    ),
    approvals: z.array(z.looseObject({ approval_id: z.string(), question: z.string() })),
    children: z.array(z.looseObject({})),
    waiting: z
      .looseObject({
        for: z.enum(['approval', 'answer', 'timer', 'child']),
        question: z.string(),
        choices: z.array(z.object({ choice: z.string(), title: z.string() })),
        until: z.string().optional(),
      })
      .optional(),
    usage: z.looseObject({ model_calls: z.number(), tool_calls: z.number(), cost_usd: z.number() }),
    result: z.unknown(),
    error: z.looseObject({ code: z.string(), message: z.string() }).optional(),
    compensation: z.enum(['complete', 'partial', 'none']).optional(),
  })
  .meta({ id: 'Run' })

export const cancelSchema = z.strictObject({ why: text.optional() }).meta({ id: 'Cancel' })

export const forkSchema = z
  .strictObject({ at: z.int().min(1).describe('The place of the event after which the new run starts.') })
  .meta({ id: 'Fork' })

export const answerSchema = z
  .strictObject({
    choice: name.describe('One of the choices that the run offers.'),
    change: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('With the choice `change`: what changes of the input, as a JSON Merge Patch.'),
    why: text.optional(),
  })
  .meta({ id: 'Answer' })
