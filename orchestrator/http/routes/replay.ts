import { Hono } from 'hono'
import { z } from 'zod'
import { runStatuses } from '../../model/run.ts'
import { allow } from '../authentication.ts'
import { describe } from '../describe.ts'
import type { HttpEnv, RouteModule } from '../http-env.ts'
import type { LookBack } from '../look-back.ts'
import { runParams } from '../run-schemas.ts'
import { params } from '../validate.ts'

const replaySchema = z
  .object({
    run_id: z.string(),
    status: z.enum(runStatuses),
    events: z.int(),
    derived: z.int().describe('Events that follow from those before them; the others came from outside.'),
    decided: z.int().describe('Decisions among them that were made again; what a model said is kept.'),
    differences: z
      .array(
        z.object({
          seq: z.int(),
          type: z.string(),
          fields: z
            .record(z.string(), z.object({ recorded: z.unknown(), now: z.unknown() }))
            .describe('JSON pointer into the data of the event → what was recorded, and what would be now.'),
        }),
      )
      .describe('Empty where the run leads to the same decisions and the same state.'),
  })
  .meta({ id: 'Replay' })

/** What shows that a run followed from its record, and what changed since. */
export function replayRoutes(lookBack: Pick<LookBack, 'replay'>): RouteModule {
  const routes = new Hono<HttpEnv>()

  routes.get(
    '/v1/runs/:id/replay',
    describe({
      summary: 'Derive a run again from its record',
      description:
        'As `remit replay --json`. Calls nothing and records nothing. Of a run that is under way, as far as it has come.',
      tag: 'Runs',
      answers: { 200: { description: 'What was derived, and what would be otherwise today.', schema: replaySchema } },
      problems: ['not_found', 'too_large', 'invalid_input'],
    }),
    allow('runs:read'),
    params(runParams),
    async (context) => {
      const { tenant } = context.get('caller')
      return context.json(await lookBack.replay(tenant, context.req.valid('param').id))
    },
  )

  return { access: 'key', routes }
}
