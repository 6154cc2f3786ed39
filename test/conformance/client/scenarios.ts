import {
  CrossAppAccessProvider,
  type CrossAppAccessProviderOptions,
  requestJwtAuthorizationGrant,
  withOAuth,
} from '@modelcontextprotocol/client'
import { z } from 'zod'
import type { Connection } from '../../../orchestrator/execute/connection.ts'
import { assertionAlgorithms, type OAuthClient } from '../../../orchestrator/execute/oauth/settings.ts'
import type { JsonObject } from '../../../shared/json.ts'
import { call, connectTo } from './connect-to.ts'
import { withLocalDiscover } from './local-discover.ts'
import { asClient, byLogin } from './log-in.ts'
import { placeholder, reviewed } from './reviewed.ts'

/** What the client does in one scenario; `context` is what the suite tells it beside the URL. */
export type Scenario = (url: string, context: JsonObject) => Promise<void>

const callsSchema = z.object({
  toolCalls: z.array(z.object({ name: z.string(), arguments: z.record(z.string(), z.json()) })).default([]),
})
const clientSchema = z.object({ client_id: z.string(), client_secret: z.string() })
const keySchema = z.object({
  client_id: z.string(),
  private_key_pem: z.string(),
  signing_algorithm: z.enum(assertionAlgorithms).default('ES256'),
})
const federatedSchema = clientSchema.extend({
  idp_client_id: z.string(),
  idp_id_token: z.string(),
  idp_token_endpoint: z.string(),
})

async function closing(opened: Promise<Connection>, work: (connection: Connection) => Promise<unknown>): Promise<void> {
  const connection = await opened
  try {
    await work(connection)
  } finally {
    await connection.close()
  }
}

/** Calls whatever the server offers, one after the other. */
const callAll = async (connection: Connection): Promise<void> => {
  const { others } = await connection.list()
  for (const name of others) await call(connection, name, argumentsFor[name])
}
const argumentsFor: Record<string, JsonObject> = { add_numbers: { a: 5, b: 3 } }

const plain: Scenario = (url) => closing(connectTo(url), callAll)

const answering: Scenario = (url) =>
  closing(connectTo(url, { onQuestion: async () => ({ action: 'accept', content: {} }) }), callAll)

const loggingIn = (url: string, client?: OAuthClient): Promise<void> =>
  byLogin(url, client, (bearer) => closing(connectTo(url, { bearer }), callAll))

const asItself = async (url: string, client: OAuthClient): Promise<void> =>
  closing(connectTo(url, { bearer: await asClient(url, client) }), callAll)

function withSecret(context: JsonObject): OAuthClient {
  const { client_id: id, client_secret: value } = clientSchema.parse(context)
  return { id, secret: { value } }
}

/** Scenario → what is done in it; all others do the plain thing, or log in first where they are about that. */
const special: Record<string, Scenario> = {
  'elicitation-sep1034-client-defaults': answering,
  'sep-2322-client-request-state': (url) => {
    const onQuestion = async () => ({ action: 'accept' as const, content: { confirmed: true } })
    return closing(connectTo(url, { fetch: withLocalDiscover, onQuestion }), async (connection) => {
      for (const name of (await connection.list()).others) await call(connection, name).catch(() => undefined)
    })
  },
  'http-custom-headers': async (url, context) => {
    const tools = await reviewed(url, withLocalDiscover)
    const { toolCalls } = callsSchema.parse(context)
    await closing(connectTo(url, { fetch: withLocalDiscover, tools }), async (connection) => {
      for (const { name, arguments: args } of toolCalls) await call(connection, name, args)
    })
  },
  'http-invalid-tool-headers': async (url) => {
    const tools = await reviewed(url, withLocalDiscover)
    await closing(connectTo(url, { fetch: withLocalDiscover, tools }), async (connection) => {
      for (const { name } of tools) await call(connection, name, { region: 'us-west1' })
    })
  },
  'json-schema-2020-12-preservation': (url) =>
    closing(connectTo(url, { tools: [placeholder('json_schema_2020_12_tool')] }), async (connection) => {
      const told = await connection.list()
      const [focal] = told.reviewed.get('json_schema_2020_12_tool') ?? []
      if (!focal) throw new Error('the tool with the schema is not offered')
      await call(connection, 'json_schema_echo', { schema: focal.inputSchema })
    }),
  'http-standard-headers': (url) => closing(connectTo(url, { fetch: withLocalDiscover }), callAll),
  'auth/basic-cimd': (url) => loggingIn(url, { document: 'https://conformance-test.local/client-metadata.json' }),
  'auth/pre-registration': (url, context) => loggingIn(url, withSecret(context)),
  'auth/client-credentials-basic': (url, context) => asItself(url, withSecret(context)),
  'auth/client-credentials-jwt': (url, context) => {
    const { client_id: id, private_key_pem: value, signing_algorithm: algorithm } = keySchema.parse(context)
    return asItself(url, { id, private_key: { value }, algorithm })
  },
  // Remit has no such grant: what runs here is the SDK's, over our carrier.
  'auth/enterprise-managed-authorization': (url, context) => {
    const { client_id, client_secret, idp_client_id, idp_id_token, idp_token_endpoint } = federatedSchema.parse(context)
    const assertion: CrossAppAccessProviderOptions['assertion'] = async (asked) => {
      const { jwtAuthGrant } = await requestJwtAuthorizationGrant({
        tokenEndpoint: idp_token_endpoint,
        audience: asked.authorizationServerUrl,
        resource: asked.resourceUrl,
        idToken: idp_id_token,
        clientId: idp_client_id,
        ...(asked.fetchFn && { fetchFn: asked.fetchFn }),
      })
      return jwtAuthGrant
    }
    const provider = new CrossAppAccessProvider({ clientId: client_id, clientSecret: client_secret, assertion })
    return closing(connectTo(url, { fetch: withOAuth(provider, url)(fetch) }), callAll)
  },
}

export function scenarioNamed(name: string): Scenario {
  return special[name] ?? (name.startsWith('auth/') ? (url) => loggingIn(url) : plain)
}
