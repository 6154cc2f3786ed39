import type { JsonObject } from '../../shared/json.ts'

export const registrySchemaUrl = 'https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json'

const text = { type: 'string' }
const flag = { type: 'boolean', default: false }
const ref = (name: string) => ({ $ref: `#/definitions/${name}` })
const list = (of: JsonObject) => ({ type: 'array', items: of })

const input = {
  type: 'object',
  properties: {
    choices: { type: 'array' },
    default: text,
    description: text,
    format: { type: 'string', enum: ['string', 'number', 'boolean', 'filepath'] },
    isRequired: flag,
    isSecret: flag,
    placeholder: text,
    value: text,
  },
}

const remoteLike = (type: string) => ({
  type: 'object',
  properties: {
    type: { type: 'string', enum: [type] },
    url: { type: 'string', pattern: '^https?://[^\\s]+$' },
    headers: list(ref('KeyValueInput')),
  },
  required: ['type', 'url'],
})

/**
 * The schema of `server.json`, version 2025-12-11, without its descriptions, examples and what this project does not write
 * (icons, arguments). Source: modelcontextprotocol/registry, `internal/validators/schemas/2025-12-11.json`, MIT licence,
 * published at {@link registrySchemaUrl}.
 */
export const registrySchema: JsonObject = {
  $ref: '#/definitions/ServerDetail',
  definitions: {
    Input: input,
    InputWithVariables: {
      allOf: [
        ref('Input'),
        { type: 'object', properties: { variables: { type: 'object', additionalProperties: ref('Input') } } },
      ],
    },
    KeyValueInput: {
      allOf: [ref('InputWithVariables'), { type: 'object', properties: { name: text }, required: ['name'] }],
    },
    LocalTransport: {
      anyOf: [ref('StdioTransport'), ref('StreamableHttpTransport'), ref('SseTransport')],
    },
    Package: {
      type: 'object',
      properties: {
        environmentVariables: list(ref('KeyValueInput')),
        fileSha256: { type: 'string', pattern: '^[a-f0-9]{64}$' },
        identifier: text,
        registryBaseUrl: { type: 'string', format: 'uri' },
        registryType: text,
        runtimeHint: text,
        transport: ref('LocalTransport'),
        version: { type: 'string', minLength: 1, not: { const: 'latest' } },
      },
      required: ['registryType', 'identifier', 'transport'],
    },
    RemoteTransport: {
      allOf: [
        { anyOf: [ref('StreamableHttpTransport'), ref('SseTransport')] },
        { type: 'object', properties: { variables: { type: 'object', additionalProperties: ref('Input') } } },
      ],
    },
    Repository: {
      type: 'object',
      properties: { id: text, source: text, subfolder: text, url: { type: 'string', format: 'uri' } },
      required: ['url', 'source'],
    },
    ServerDetail: {
      type: 'object',
      properties: {
        $schema: { type: 'string', format: 'uri' },
        name: { type: 'string', minLength: 3, maxLength: 200, pattern: '^[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+$' },
        title: { type: 'string', minLength: 1, maxLength: 100 },
        description: { type: 'string', minLength: 1, maxLength: 100 },
        version: { type: 'string', maxLength: 255 },
        packages: list(ref('Package')),
        remotes: list(ref('RemoteTransport')),
        repository: ref('Repository'),
        websiteUrl: { type: 'string', format: 'uri' },
      },
      required: ['name', 'description', 'version'],
    },
    SseTransport: remoteLike('sse'),
    StdioTransport: {
      type: 'object',
      properties: { type: { type: 'string', enum: ['stdio'] } },
      required: ['type'],
    },
    StreamableHttpTransport: remoteLike('streamable-http'),
  },
}
