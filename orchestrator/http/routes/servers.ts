import { Hono } from 'hono'
import { createMiddleware } from 'hono/factory'
import type { ServerManifest } from '../../../shared/manifest.ts'
import type { ListedLogin } from '../../model/login.ts'
import type { Administration } from '../administration.ts'
import { allow } from '../authentication.ts'
import { describe } from '../describe.ts'
import type { HttpEnv, RouteModule } from '../http-env.ts'
import { ProblemError } from '../problem.ts'
import {
  acceptedToolsSchema,
  acceptToolsSchema,
  loginListSchema,
  serverParams,
  serverSheetSchema,
  toolReviewSchema,
} from '../server-schemas.ts'
import { body, params, readableJson } from '../validate.ts'

const tag = 'Servers'

/** Looking after the servers: what each is, what of it changed, and what a person says to that. */
export function serverRoutes(administration: Administration): RouteModule {
  const routes = new Hono<HttpEnv>()

  /** What counts for every tenant is for the operator's own to say; to others such routes are not there. */
  const operator = createMiddleware<HttpEnv>(async (context, next) => {
    if (context.get('caller').tenant !== administration.tenant) throw noServer()
    await next()
  })
  const serverNamed = (name: string): ServerManifest => {
    const server = administration.catalogue.servers.get(name)
    if (!server) throw noServer()
    return server
  }

  routes.get(
    '/v1/servers/:name',
    describe({
      summary: 'Show a server: its contract, where it comes from and runs, and how it is',
      tag,
      answers: { 200: { description: 'All that is known of it.', schema: serverSheetSchema } },
      problems: ['not_found', 'invalid_input'],
    }),
    allow('servers:admin'),
    params(serverParams),
    operator,
    async (context) => {
      const server = serverNamed(context.req.valid('param').name)
      const { logins, ...sheet } = await administration.sheet(server)
      const { name, title, version, description, egress } = server
      const endpoints = Object.keys(server.endpoints)
      const credentials = Object.entries(server.credentials).map(
        ([slot, { description: about, optional, delivery }]) => ({
          slot,
          description: about,
          optional,
          delivery,
        }),
      )
      const known = { name, title, version, description, endpoints, credentials, egress }
      return context.json({ ...known, ...sheet, ...(logins && { logins: logins.map(shownLogin) }) })
    },
  )

  routes.get(
    '/v1/servers/:name/changes',
    describe({
      summary: 'Show how the tools of a server changed, as it tells them now',
      description:
        'A changed tool is refused until somebody accepts it. What a server says of itself is its own word: show it to a person as a text.',
      tag,
      answers: {
        200: { description: 'Each tool that differs, as it was reviewed and as it is.', schema: toolReviewSchema },
      },
      problems: ['not_found', 'invalid_input'],
    }),
    allow('servers:admin'),
    params(serverParams),
    operator,
    async (context) => context.json(await administration.changes(serverNamed(context.req.valid('param').name).name)),
  )

  routes.post(
    '/v1/servers/:name/accept',
    describe({
      summary: 'Accept changed tools, as they were seen',
      description:
        'All of them, or none: a tool that is another one by now is refused, with what it is. It is recorded who accepted, and counts until the manifest changes. Processes that run take it up within a moment.',
      tag,
      answers: { 200: { description: 'They count from now on.', schema: acceptedToolsSchema } },
      problems: ['malformed', 'not_found', 'conflict', 'too_large', 'unsupported_media_type', 'invalid_input'],
    }),
    allow('servers:admin'),
    params(serverParams),
    operator,
    readableJson,
    body(acceptToolsSchema),
    async (context) => {
      const { name } = serverNamed(context.req.valid('param').name)
      const accepted = await administration.accept(context.get('caller'), name, context.req.valid('json').tools)
      return context.json({ server: name, accepted })
    },
  )

  routes.delete(
    '/v1/servers/:name',
    describe({
      summary: 'Take a server out that was added',
      description:
        'Calls that are under way settle; what runs planned with it is refused. To add it again takes a person at the machine.',
      tag,
      answers: { 204: { description: 'It takes part no more.' } },
      problems: ['not_found', 'conflict', 'invalid_input'],
    }),
    allow('servers:admin'),
    params(serverParams),
    operator,
    async (context) => {
      await administration.drop(context.get('caller'), serverNamed(context.req.valid('param').name).name)
      return context.body(null, 204)
    },
  )

  routes.get(
    '/v1/logins',
    describe({
      summary: "List the logins of the tenant's principals at servers elsewhere",
      tag,
      answers: { 200: { description: 'All of them, none of their tokens.', schema: loginListSchema } },
    }),
    allow('servers:admin'),
    async (context) => {
      const logins = await administration.logins(context.get('caller').tenant)
      return context.json({ logins: logins.map(shownLogin) })
    },
  )

  return { access: 'key', routes }
}

function noServer(): ProblemError {
  return new ProblemError('not_found', 'There is no server of that name for you to look after')
}

/** Member by member, so that nothing else ever gets out. */
function shownLogin({ server, principal, issuer, resource, scopes, ...login }: ListedLogin) {
  const { renewable, made_at, made_by, expires_at, renewed_at, ended } = login
  return {
    server,
    principal,
    issuer,
    resource,
    scopes,
    renewable,
    made_at,
    made_by,
    ...(expires_at !== undefined && { expires_at }),
    ...(renewed_at !== undefined && { renewed_at }),
    ...(ended !== undefined && { ended }),
  }
}
