import {
  ClientCredentialsProvider,
  CrossAppAccessProvider,
  type CrossAppAccessProviderOptions,
  type OAuthClientProvider,
  PrivateKeyJwtProvider,
  requestJwtAuthorizationGrant,
  withOAuth,
} from '@modelcontextprotocol/client'
import { z } from 'zod'
import type { Connection } from '../../../orchestrator/execute/connection.ts'
import type { JsonObject } from '../../../shared/json.ts'
import { call, connectTo } from './connect-to.ts'
import { withLocalDiscover } from './local-discover.ts'
import { LoginInOneProcess, oauthFetch } from './oauth-fetch.ts'
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
  signing_algorithm: z.string().default('ES256'),
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

const loggingIn: Scenario = (url) => closing(connectTo(url, { fetch: oauthFetch(url) }), callAll)

const asItself = (url: string, provider: OAuthClientProvider): Promise<void> =>
  closing(connectTo(url, { fetch: withOAuth(provider, url)(fetch) }), callAll)

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
  'auth/pre-registration': (url, context) =>
    closing(connectTo(url, { fetch: oauthFetch(url, new LoginInOneProcess(clientSchema.parse(context))) }), callAll),
  'auth/client-credentials-basic': (url, context) => {
    const { client_id: clientId, client_secret: clientSecret } = clientSchema.parse(context)
    return asItself(url, new ClientCredentialsProvider({ clientId, clientSecret }))
  },
  'auth/client-credentials-jwt': (url, context) => {
    const { client_id: clientId, private_key_pem: privateKey, signing_algorithm: algorithm } = keySchema.parse(context)
    return asItself(url, new PrivateKeyJwtProvider({ clientId, privateKey, algorithm }))
  },
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
    return asItself(url, new CrossAppAccessProvider({ clientId: client_id, clientSecret: client_secret, assertion }))
  },
}

export function scenarioNamed(name: string): Scenario {
  return special[name] ?? (name.startsWith('auth/') ? loggingIn : plain)
}
