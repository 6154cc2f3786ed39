import { Hono } from 'hono'
import { z } from 'zod'
import { effects } from '../../../shared/manifest.ts'
import { findTools } from '../../decide/find-tools.ts'
import type { Tool } from '../../model/catalogue.ts'
import { allow } from '../authentication.ts'
import { describe } from '../describe.ts'
import type { HttpEnv, RouteModule } from '../http-env.ts'
import { circuitSchema, quarantineSchema, stateSchema } from '../server-schemas.ts'
import type { Service } from '../service.ts'
import { query } from '../validate.ts'

const schemaOfTool = z.record(z.string(), z.unknown())

const toolListSchema = z
  .object({
    tools: z.array(
      z.object({
        id: z.string(),
        server: z.string(),
        title: z.string(),
        description: z.string(),
        effect: z.enum(effects),
        establishes: z.array(z.string()),
        input: schemaOfTool.describe('JSON Schema.'),
        output: schemaOfTool.optional().describe('JSON Schema.'),
      }),
    ),
  })
  .meta({ id: 'ToolList' })

const toolQuery = z.object({
  query: z.string().max(1_000).optional().describe('Words that say what a tool should do; all tools without.'),
  limit: z.coerce.number().int().min(1).max(200).default(50),
})

const serverListSchema = z
  .object({
    servers: z.array(
      z.object({
        name: z.string(),
        title: z.string(),
        version: z.string(),
        tools: z.int(),
        emulates: z.string().optional().describe('The vendor that an emulator stands in for.'),
        state: stateSchema,
        circuit: circuitSchema,
        quarantined: quarantineSchema,
      }),
    ),
  })
  .meta({ id: 'ServerList' })

/** The reviewed tools, and how their servers are. */
export function catalogueRoutes(service: Service): RouteModule {
  const routes = new Hono<HttpEnv>()
  const { catalogue, mode } = service

  routes.get(
    '/v1/tools',
    describe({
      summary: 'Find tools',
      tag: 'Catalogue',
      answers: { 200: { description: 'The tools that fit, the best first.', schema: toolListSchema } },
      problems: ['invalid_input'],
    }),
    allow('tools:read'),
    query(toolQuery),
    (context) => {
      const { query: words, limit } = context.req.valid('query')
      const tools =
        words === undefined ? [...catalogue.tools.values()] : findTools(catalogue, words, limit).map(({ tool }) => tool)
      return context.json({ tools: tools.slice(0, limit).map(shownTool) })
    },
  )

  routes.get(
    '/v1/servers',
    describe({
      summary: 'List the capability servers, and how they are',
      tag: 'Catalogue',
      answers: { 200: { description: 'All servers.', schema: serverListSchema } },
    }),
    allow('servers:read'),
    (context) => {
      const statuses = new Map(service.servers().map((status) => [status.server, status]))
      const servers = [...catalogue.servers.values()].map(({ name, title, version, tools, emulator }) => {
        const { state = 'idle', circuit = 'closed', quarantined = [] } = statuses.get(name) ?? {}
        const emulates = mode === 'emulated' && emulator ? { emulates: emulator.vendor } : {}
        return { name, title, version, tools: tools.length, ...emulates, state, circuit, quarantined }
      })
      return context.json({ servers })
    },
  )

  return { access: 'key', routes }
}

function shownTool({ id, server, title, description, effect, establishes, input, output }: Tool) {
  return { id, server, title, description, effect, establishes, input, ...(output === undefined ? {} : { output }) }
}
