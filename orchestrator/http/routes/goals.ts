import { Hono } from 'hono'
import { z } from 'zod'
import { mayNotSteer } from '../../enforce/may-steer.ts'
import { budgetSchema } from '../../model/goal.ts'
import { allow } from '../authentication.ts'
import { describe } from '../describe.ts'
import type { HttpEnv, RouteModule } from '../http-env.ts'
import type { Service } from '../service.ts'

const goalListSchema = z
  .object({
    goals: z.array(
      z.object({
        goal: z.string(),
        title: z.string(),
        description: z.string(),
        input: z.record(z.string(), z.unknown()).describe('JSON Schema of what a run of it takes.'),
        outcomes: z.array(z.string()).describe('The facts that hold at the end of a run that succeeded.'),
        budget: budgetSchema.describe('What a run may spend at most; a request or a key can only lower it.'),
      }),
    ),
    reasoners: z
      .array(z.object({ name: z.string(), reads_texts: z.boolean() }))
      .describe('Who can decide here; the first does unless a request says.'),
  })
  .meta({ id: 'GoalList' })

/** What a run can be started for. */
export function goalRoutes({ goals, reasoners }: Service): RouteModule {
  const routes = new Hono<HttpEnv>()
  routes.get(
    '/v1/goals',
    describe({
      summary: 'List the goals that the key is for, and who can decide',
      tag: 'Catalogue',
      answers: { 200: { description: 'All of them.', schema: goalListSchema } },
    }),
    allow('runs:read'),
    (context) => {
      const { ceiling } = context.get('caller')
      const allowed = goals.filter(({ goal }) => mayNotSteer(ceiling, goal) === undefined)
      return context.json({
        goals: allowed.map(({ goal, title, description, input, outcomes, budget }) => ({
          goal,
          title,
          description,
          input,
          outcomes: outcomes.map(({ fact }) => fact),
          budget,
        })),
        reasoners: reasoners.flatMap(({ name, reads_texts, lacks }) =>
          lacks === undefined ? [{ name, reads_texts }] : [],
        ),
      })
    },
  )
  return { access: 'key', routes }
}
