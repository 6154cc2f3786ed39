import { Hono } from 'hono'
import type { Issue } from '../../../shared/failure.ts'
import type { Json, JsonObject } from '../../../shared/json.ts'
import { withinCeiling } from '../../enforce/within-ceiling.ts'
import { freeTextGoal } from '../../goals/free-text-goal.ts'
import { validateInput } from '../../goals/validate-input.ts'
import type { Goal } from '../../model/goal.ts'
import { faultOfReasoner, usableReasoners } from '../../model/known-reasoner.ts'
import { faultsOfOutcomes } from '../../model/outcome-faults.ts'
import { documentOf } from '../../run/document.ts'
import { allow } from '../authentication.ts'
import { describe } from '../describe.ts'
import { findRun } from '../find-run.ts'
import type { HttpEnv, RouteModule } from '../http-env.ts'
import { ProblemError } from '../problem.ts'
import {
  acceptedSchema,
  idempotencyHeaders,
  newRunSchema,
  runDocumentSchema,
  runFilterSchema,
  runListSchema,
  runParams,
} from '../run-schemas.ts'
import type { Service } from '../service.ts'
import { body, headers, params, query, readableJson } from '../validate.ts'

const tag = 'Runs'

/** Starting runs, and looking at them. */
export function runRoutes(service: Service): RouteModule {
  const routes = new Hono<HttpEnv>()

  routes.post(
    '/v1/runs',
    describe({
      summary: 'Start a run',
      description: 'Records the run and answers; a worker pursues it. The input is checked whole before that.',
      tag,
      answers: {
        202: {
          description: 'The run is recorded.',
          schema: acceptedSchema,
          headers: { Location: { description: 'Where the run is.' } },
        },
      },
      problems: [
        'malformed',
        'too_large',
        'unsupported_media_type',
        'invalid_input',
        'no_reasoner',
        'budget_exhausted',
        'conflict',
      ],
    }),
    allow('runs:write'),
    headers(idempotencyHeaders),
    readableJson,
    body(newRunSchema),
    async (context) => {
      const caller = context.get('caller')
      const asked = context.req.valid('json')
      const input = asked.input as JsonObject
      const reasoner = reasonerFor(service, asked)
      const named = goalOf(service, asked, input)
      const { ceiling } = caller
      const narrowed = withinCeiling(named, { ceiling, budget: definedIn(asked.budget ?? {}) }, service.catalogue)
      if (!narrowed.ok) throw ProblemError.of(narrowed.failure)
      const key = context.req.valid('header')['idempotency-key']
      const run_id = await service.createRun(caller, {
        goal: narrowed.goal,
        input: checkedInput(named, input),
        reasoner,
        ...(key === undefined ? {} : { idempotency: { key, asked: (await context.req.json()) as Json } }),
      })
      return context.json({ run_id }, 202, { Location: `/v1/runs/${run_id}` })
    },
  )

  routes.get(
    '/v1/runs',
    describe({
      summary: 'List runs, the latest first',
      tag,
      answers: { 200: { description: 'A page of runs.', schema: runListSchema } },
      problems: ['invalid_input'],
    }),
    allow('runs:read'),
    query(runFilterSchema),
    async (context) => {
      const { runs, next } = await service.listRuns(context.get('caller').tenant, definedIn(context.req.valid('query')))
      const shown = runs.map(({ run_id, goal, status, principal, parent_run, created_at, updated_at }) =>
        definedIn({ run_id, goal, status, principal, parent_run, created_at, updated_at }),
      )
      return context.json({ runs: shown, ...(next === undefined ? {} : { next }) })
    },
  )

  routes.get(
    '/v1/runs/:id',
    describe({
      summary: 'Show a run',
      tag,
      answers: { 200: { description: 'The run as it stands.', schema: runDocumentSchema } },
      problems: ['not_found', 'invalid_input'],
    }),
    allow('runs:read'),
    params(runParams),
    async (context) => {
      const { tenant } = context.get('caller')
      const { run_id } = await findRun(service, tenant, context.req.valid('param').id)
      return context.json(documentOf(await service.situation(tenant, run_id)))
    },
  )

  return { access: 'key', routes }
}

interface Asked {
  goal?: string | undefined
  text?: string | undefined
  outcomes?: string[] | undefined
  reasoner?: string | undefined
}

/** Who decides what is asked, by name. Throws unless there is somebody here who can. */
function reasonerFor({ reasoners }: Service, { text, reasoner, outcomes = [] }: Asked): string {
  const fault = reasoner === undefined ? undefined : faultOfReasoner(reasoner, reasoners)
  if (fault !== undefined) throw invalid('/reasoner', fault)
  const wanted = usableReasoners(reasoners, reasoner)
  const reader = text === undefined ? undefined : wanted.find(({ reads_texts }) => reads_texts)
  // With outcomes to plan for, nobody needs to understand the words.
  const chosen = reader ?? (text === undefined || outcomes.length > 0 ? wanted[0] : undefined)
  if (chosen) return chosen.name
  throw new ProblemError(
    'no_reasoner',
    `A goal in words needs a model that reads it, and here decides only ${wanted.map(({ name }) => name).join(', ')}: name a goal, or outcomes`,
    { issues: [{ path: '/text', message: 'needs a reasoner that reads texts, or outcomes to plan for' }] },
  )
}

/** The goal of that name, or one in words. */
function goalOf({ goals, catalogue }: Service, { goal: name, text, outcomes }: Asked, input: JsonObject): Goal {
  if (text !== undefined) {
    const faults = faultsOfOutcomes(outcomes ?? [], catalogue.tools.values())
    const issues = faults.map(({ path, message }) => ({ path: `/outcomes${path}`, message }))
    if (issues.length > 0) throw new ProblemError('invalid_input', 'Some outcomes cannot be had here', { issues })
    return freeTextGoal(text, outcomes ?? [], input)
  }
  if (outcomes !== undefined) throw invalid('/outcomes', 'go with a text; a goal names its own outcomes')
  const found = goals.find(({ goal }) => goal === name)
  if (!found) throw invalid('/goal', `there is no goal ${name}; there are ${goals.map(({ goal }) => goal).join(', ')}`)
  return found
}

function checkedInput(goal: Goal, input: JsonObject): JsonObject {
  const checked = validateInput(goal, input)
  if (checked.ok) return checked.input
  const issues = checked.issues.map(({ path, message }): Issue => ({ path: `/input${path}`, message }))
  throw new ProblemError('invalid_input', `The input of ${goal.goal} is not valid`, { issues })
}

function invalid(path: string, message: string): ProblemError {
  return new ProblemError('invalid_input', 'The body is not valid', { issues: [{ path, message }] })
}

/** An object without the members that are undefined. */
function definedIn<Given extends object>(given: Given): { [Key in keyof Given]: Exclude<Given[Key], undefined> } {
  const entries = Object.entries(given).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [Key in keyof Given]: Exclude<Given[Key], undefined> }
}
