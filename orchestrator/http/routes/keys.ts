import { Hono } from 'hono'
import { z } from 'zod'
import { effects } from '../../../shared/manifest.ts'
import { withinOwn } from '../../enforce/within-own.ts'
import { scopes } from '../../model/caller.ts'
import { allow } from '../authentication.ts'
import { describe } from '../describe.ts'
import type { HttpEnv, RouteModule } from '../http-env.ts'
import { ProblemError } from '../problem.ts'
import { instant, name } from '../run-schemas.ts'
import type { Service } from '../service.ts'
import { body, params, readableJson } from '../validate.ts'

const tag = 'Keys'

const limits = {
  goals: z.array(name).max(1_000).optional().describe('The only goals that it may pursue.'),
  effect: z.enum(effects).optional().describe('The greatest effect of its runs.'),
  cost_usd: z.number().min(0).max(1_000_000).optional().describe('US dollars that one of its runs may spend.'),
}

const newKeySchema = z
  .strictObject({
    name: name.describe('What people call it.'),
    principal: name.optional().describe('On whose behalf its runs act; its name unless said.'),
    scopes: z.array(z.enum(scopes)).min(1).max(scopes.length),
    ...limits,
    requests_per_minute: z.int().min(1).max(1_000_000).optional(),
    expires_at: instant.optional().describe('From when on it is not valid any more.'),
  })
  .meta({ id: 'NewKey' })

const madeSchema = z
  .object({ key_id: z.string(), key: z.string().describe('Shown here, and never again.') })
  .meta({ id: 'MadeKey' })

const keyListSchema = z
  .object({
    keys: z.array(
      z.object({
        key_id: z.string(),
        name: z.string(),
        principal: z.string(),
        scopes: z.array(z.string()),
        ...limits,
        requests_per_minute: z.int(),
        created_at: z.string(),
        created_by: z.string(),
        expires_at: z.string().optional(),
        revoked_at: z.string().optional(),
        last_used_at: z.string().optional().describe('To the minute.'),
      }),
    ),
  })
  .meta({ id: 'KeyList' })

const keyParams = z.object({ id: z.string().regex(/^[0-9a-f]{16}$/, 'must be the id of a key') })

/** Keys of the caller's tenant. Nobody gives away more than they have. */
export function keyRoutes({ keys }: Pick<Service, 'keys'>): RouteModule {
  const routes = new Hono<HttpEnv>()

  routes.get(
    '/v1/keys',
    describe({
      summary: 'List the keys of the tenant, the newest first',
      tag,
      answers: {
        200: { description: 'All of them, as people know them; none is shown again.', schema: keyListSchema },
      },
    }),
    allow('keys:admin'),
    async (context) => {
      const listed = await keys.list(context.get('caller').tenant)
      return context.json({
        keys: listed.map(({ ceiling, tenant: _, ...key }) => ({ ...key, ...ceiling, goals: ceiling.goals?.slice() })),
      })
    },
  )

  routes.post(
    '/v1/keys',
    describe({
      summary: 'Make a key',
      description:
        'It is of the same tenant, and may do no more than the key that asks: limits that are left out are as they are there.',
      tag,
      answers: { 201: { description: 'The key.', schema: madeSchema } },
      problems: ['malformed', 'too_large', 'unsupported_media_type', 'invalid_input'],
    }),
    allow('keys:admin'),
    readableJson,
    body(newKeySchema),
    async (context) => {
      const caller = context.get('caller')
      const { name: called, principal = called, expires_at, ...asked } = context.req.valid('json')
      const { scopes: wanted, requests_per_minute, goals, effect, cost_usd } = asked
      const ceiling = {
        ...(goals && { goals }),
        ...(effect && { effect }),
        ...(cost_usd !== undefined && { cost_usd }),
      }
      const ends = expires_at === undefined ? undefined : new Date(expires_at)
      const granted = withinOwn({ scopes: wanted, ceiling, requests_per_minute, expires_at: ends }, caller)
      if (!granted.ok)
        throw new ProblemError('invalid_input', 'A key cannot give away what it has not', { issues: granted.issues })
      const { tenant, principal: created_by } = caller
      const made = await keys.create({ ...granted.grant, name: called, tenant, principal, created_by })
      return context.json({ key_id: made.key_id, key: made.text }, 201)
    },
  )

  routes.delete(
    '/v1/keys/:id',
    describe({
      summary: 'Make a key invalid, at once and for good',
      tag,
      answers: { 204: { description: 'It is not valid any more.' } },
      problems: ['not_found', 'invalid_input'],
    }),
    allow('keys:admin'),
    params(keyParams),
    async (context) => {
      const revoked = await keys.revoke(context.get('caller').tenant, context.req.valid('param').id)
      if (!revoked) throw new ProblemError('not_found', 'There is no valid key of that id')
      return context.body(null, 204)
    },
  )

  return { access: 'key', routes }
}
