import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { dropConnection, type EmulatorBindings, faultRoutes } from '../../../shared/capability/emulator.ts'
import type { SlackFaults } from './faults.ts'
import { type Answer, type Method, methods, refused } from './methods.ts'
import type { Workspace } from './workspace.ts'

type SlackContext = Context<EmulatorBindings>

const allScopes = [...new Set(Object.values(methods).flatMap(({ scopes }) => scopes))]
const channelRequest = z.strictObject({
  name: z.string().regex(/^[a-z0-9_-]{1,80}$/),
  private: z.boolean().optional(),
  archived: z.boolean().optional(),
  foreign: z.boolean().optional(),
})
const tokenRequest = z.strictObject({ scopes: z.array(z.enum(allScopes)) })

/** The Web API under `/api/`, and under `/_remit` what tests and rehearsals look at and arm. */
export function slackRoutes(workspace: Workspace, faults: SlackFaults): Hono<EmulatorBindings> {
  return new Hono<EmulatorBindings>()
    .all('/api/:method', (c) => callMethod(c, c.req.param('method'), workspace, faults))
    .get('/_remit/state', (c) => c.json({ channels: workspace.channels(), messages: workspace.messages() }))
    .route('/_remit', faultRoutes(faults))
    .post('/_remit/tokens', async (c) => {
      const asked = tokenRequest.safeParse(await c.req.json().catch(() => undefined))
      if (!asked.success) return c.json({ error: `send {"scopes": [some of ${allScopes.join(', ')}]}` }, 400)
      return c.json({ token: workspace.addToken(asked.data.scopes) })
    })
    .post('/_remit/channels', async (c) => {
      const asked = channelRequest.safeParse(await c.req.json().catch(() => undefined))
      if (asked.success) return c.json(workspace.addChannel(asked.data))
      return c.json(
        { error: 'send {"name": …}, and true for what it is: "private", "archived", "foreign" (not a member)' },
        400,
      )
    })
}

async function callMethod(c: SlackContext, name: string, workspace: Workspace, faults: SlackFaults): Promise<Response> {
  const { token, ...args } = await argumentsOf(c)
  if (faults.take('limited')) return c.json(refused('ratelimited'), 429, { 'Retry-After': '1' })
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined
  if (!method) {
    return c.json(
      refused('unknown_method', { emulator_unsupported: `${name}; emulated: ${Object.keys(methods).join(', ')}` }),
    )
  }
  if (token === undefined) return c.json(refused('not_authed'))
  const held = workspace.scopesOf(token)
  if (held === undefined || faults.take('revoked')) return c.json(refused('invalid_auth'))
  const provided = held === 'all' ? allScopes : held
  const answer = runMethod(method, args, provided, workspace)
  if (answer.ok && name === 'chat.postMessage' && faults.take('lost')) return dropConnection(c)
  return c.json(answer, 200, {
    'X-OAuth-Scopes': provided.join(','),
    'X-Accepted-OAuth-Scopes': method.scopes.join(','),
  })
}

function runMethod(
  method: Method,
  args: Record<string, unknown>,
  provided: readonly string[],
  workspace: Workspace,
): Answer {
  const unsupported = Object.keys(args).filter((name) => !Object.hasOwn(method.input.shape, name))
  // Slack ignores what it does not know; an emulator that did the same would hide what it lacks.
  if (unsupported.length > 0) {
    return refused('emulator_unsupported', { emulator_unsupported: `arguments ${unsupported.join(', ')}` })
  }
  const parsed = method.input.safeParse(args)
  if (parsed.success) {
    const lacking = method.needs(parsed.data, workspace).filter((scope) => !provided.includes(scope))
    if (lacking.length === 0) return method.run(parsed.data, workspace)
    return refused('missing_scope', { needed: lacking.join(','), provided: provided.join(',') })
  }
  const paths = parsed.error.issues.map(({ path }) => String(path[0]))
  if (paths.includes('metadata')) return refused('invalid_metadata_format')
  return refused('invalid_arguments', {
    response_metadata: {
      messages: parsed.error.issues.map(({ message, path }) => `[ERROR] ${message} [/${path.join('/')}]`),
    },
  })
}

/** Arguments come as a form, as JSON or in the query, the token among them or in the Authorization header. */
async function argumentsOf(c: SlackContext): Promise<Record<string, unknown> & { token?: unknown }> {
  const json = c.req.header('content-type')?.startsWith('application/json')
  const body: unknown =
    c.req.method === 'GET' ? {} : json ? await c.req.json().catch(() => ({})) : await c.req.parseBody()
  const bearer = /^Bearer (\S+)$/.exec(c.req.header('authorization') ?? '')?.[1]
  return { ...c.req.query(), ...(body as Record<string, unknown>), ...(bearer !== undefined && { token: bearer }) }
}
