import { Hono } from 'hono'
import { z } from 'zod'
import { usualTrialMs } from '../../run/try-policy.ts'
import { allow } from '../authentication.ts'
import { describe } from '../describe.ts'
import type { HttpEnv, RouteModule } from '../http-env.ts'
import type { LookBack } from '../look-back.ts'
import { instant, runId } from '../run-schemas.ts'
import { body, readableJson } from '../validate.ts'

const mostCharacters = 256 * 1024

const trialSchema = z
  .strictObject({
    policy: z
      .string()
      .max(mostCharacters)
      .optional()
      .describe('A policy as a text in YAML, as `policy.yaml` is one; the rules in force without.'),
    run: runId.optional().describe('Only this run.'),
    from: instant.optional().describe('Runs that were accepted since; the last seven days unless said.'),
    limit: z.int().min(1).max(200).default(50).describe('How many runs at most, the latest first.'),
    cursor: runId.optional().describe('The `next` of the answer before.'),
  })
  .meta({ id: 'PolicyTrial' })

const verdictSchema = z.looseObject({
  verdict: z.enum(['allow', 'deny', 'hold']),
  rule: z.string(),
  reason: z.string(),
  four_eyes: z.boolean().optional(),
})

const trialResultSchema = z
  .object({
    runs: z.int().describe('Runs that were looked at.'),
    calls: z.int().describe('Calls of theirs that were judged.'),
    otherwise: z
      .array(
        z.object({
          run_id: z.string(),
          seq: z.int(),
          task_id: z.string(),
          tool: z.string(),
          recorded: verdictSchema,
          now: verdictSchema,
        }),
      )
      .describe('Those with which something else would have happened.'),
    next: z.string().optional().describe('The cursor of earlier runs, where there are any.'),
  })
  .meta({ id: 'PolicyTrialResult' })

/** What other rules would have said of past runs. */
export function policyRoutes(lookBack: Pick<LookBack, 'tryPolicy'>): RouteModule {
  const routes = new Hono<HttpEnv>()

  routes.post(
    '/v1/policy/test',
    describe({
      summary: 'Judge the calls of past runs by other rules',
      description:
        'As `remit policy test --json`: each call with its arguments and their origins as they were. Calls nothing and records nothing.',
      tag: 'Policy',
      answers: { 200: { description: 'What would be otherwise.', schema: trialResultSchema } },
      problems: ['malformed', 'not_found', 'too_large', 'unsupported_media_type', 'invalid_input'],
    }),
    allow('runs:read'),
    readableJson,
    body(trialSchema),
    async (context) => {
      const { policy, run, from = lately(), limit, cursor } = context.req.valid('json')
      const runs = run === undefined ? { from, limit, ...(cursor !== undefined && { cursor }) } : { id: run }
      const { tenant } = context.get('caller')
      return context.json(await lookBack.tryPolicy(tenant, { ...(policy !== undefined && { policy }), runs }))
    },
  )

  return { access: 'key', routes }
}

function lately(): string {
  return new Date(Date.now() - usualTrialMs).toISOString()
}
