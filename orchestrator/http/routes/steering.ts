import { Hono } from 'hono'
import type { JsonObject } from '../../../shared/json.ts'
import { withinCeiling } from '../../enforce/within-ceiling.ts'
import { allow } from '../authentication.ts'
import { describe } from '../describe.ts'
import { findRunToSteer } from '../find-run.ts'
import type { HttpEnv, RouteModule } from '../http-env.ts'
import { ProblemError, type ProblemKind } from '../problem.ts'
import { acceptedSchema, answerSchema, cancelSchema, forkSchema, runParams } from '../run-schemas.ts'
import type { Service } from '../service.ts'
import { body, params, readableJson } from '../validate.ts'

const tag = 'Runs'

const problems: ProblemKind[] = ['malformed', 'not_found', 'too_large', 'unsupported_media_type', 'invalid_input']

const accepted = (description: string) => ({ 202: { description, schema: acceptedSchema } })

/** What people do to a run that is there: end it, answer it, start another from it. */
export function steeringRoutes(service: Service): RouteModule {
  const routes = new Hono<HttpEnv>()

  routes.post(
    '/v1/runs/:id/cancel',
    describe({
      summary: 'Cancel a run',
      description: 'Records that the run is to end; what it did is undone.',
      tag,
      answers: accepted('It is recorded.'),
      problems: [...problems, 'conflict'],
    }),
    allow('runs:write'),
    params(runParams),
    readableJson,
    body(cancelSchema),
    async (context) => {
      const caller = context.get('caller')
      const { run_id } = await findRunToSteer(service, caller, context.req.valid('param').id)
      await service.cancel(caller, run_id, context.req.valid('json').why)
      return context.json({ run_id }, 202)
    },
  )

  routes.post(
    '/v1/runs/:id/answer',
    describe({
      summary: 'Answer what a run asks',
      tag,
      answers: accepted('The answer is recorded, and the run goes on.'),
      problems: [...problems, 'conflict'],
    }),
    allow('runs:write'),
    params(runParams),
    readableJson,
    body(answerSchema),
    async (context) => {
      const caller = context.get('caller')
      const { run_id } = await findRunToSteer(service, caller, context.req.valid('param').id)
      const { choice, change, why } = context.req.valid('json')
      await service.answer(caller, run_id, choice, {
        ...(why === undefined ? {} : { why }),
        ...(change === undefined ? {} : { change: change as JsonObject }),
      })
      return context.json({ run_id }, 202)
    },
  )

  routes.post(
    '/v1/runs/:id/fork',
    describe({
      summary: 'Start a run from a place in another',
      description:
        'The new run has the same goal and input and what stood after that event. What it inherits it does not undo.',
      tag,
      answers: {
        202: {
          description: 'The new run is recorded.',
          schema: acceptedSchema,
          headers: { Location: { description: 'Where the new run is.' } },
        },
      },
      problems: [...problems, 'budget_exhausted'],
    }),
    allow('runs:write'),
    params(runParams),
    readableJson,
    body(forkSchema),
    async (context) => {
      const caller = context.get('caller')
      const { run_id: from } = await findRunToSteer(service, caller, context.req.valid('param').id)
      const { at } = context.req.valid('json')
      const situation = await service.situationAt(caller.tenant, from, at)
      if (!situation) {
        const issues = [{ path: '/at', message: `is after the last event of the run (got ${at})` }]
        throw new ProblemError('invalid_input', 'The body is not valid', { issues })
      }
      const { created } = situation
      const narrowed = withinCeiling(created.goal, { ceiling: caller.ceiling }, service.catalogue)
      if (!narrowed.ok) throw ProblemError.of(narrowed.failure)
      const run_id = await service.fork(caller, { ...situation, created: { ...created, goal: narrowed.goal } })
      return context.json({ run_id }, 202, { Location: `/v1/runs/${run_id}` })
    },
  )

  return { access: 'key', routes }
}
