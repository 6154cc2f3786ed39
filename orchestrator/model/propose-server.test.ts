import { expect, test } from 'vitest'
import { fingerprint, serverManifestSchema } from '../../shared/manifest.ts'
import { proposeServer } from './propose-server.ts'
import { plainNames, proposeTool } from './propose-tool.ts'
import type { ToldServer } from './told-server.ts'

const inputSchema = { type: 'object', properties: { path: { type: 'string' } } }
const given = serverManifestSchema.parse({
  name: 'strange',
  title: '',
  version: '',
  description: '',
  command: ['node'],
  tools: [],
})
const told = (more: Partial<ToldServer>): ToldServer => ({
  name: 'strange-server',
  version: '2.0.0',
  tools: [],
  resources: [],
  prompts: [],
  ...more,
})

test.each<[string, object | undefined, string, string]>([
  ['says nothing', undefined, 'delete', 'none'],
  ['says only that it writes', { readOnlyHint: false }, 'delete', 'none'],
  ['says that it destroys, the same each time', { destructiveHint: true, idempotentHint: true }, 'delete', 'natural'],
  ['says that it only adds', { destructiveHint: false }, 'create', 'none'],
  ['says that it reads', { readOnlyHint: true }, 'read', 'natural'],
  ['says "true" in a text', { readOnlyHint: 'true' }, 'delete', 'none'],
])('a tool that %s is taken for a %s', (_, annotations, effect, idempotency) => {
  const proposed = proposeTool(
    { name: 'go', inputSchema, ...(annotations && { annotations: { ...annotations } }) },
    'go',
  )
  expect(proposed).toMatchObject({ effect, idempotency, establishes: [], egress: [] })
  expect(proposed).not.toHaveProperty('compensation')
})

test('a tool gets a name of ours, and keeps its own on the wire', () => {
  expect(plainNames(['getUser', 'get-user', 'API_v2.list', '42', '日本'])).toEqual([
    'get_user',
    'get_user_2',
    'api_v2_list',
    'tool_42',
    'tool',
  ])
  const { manifest } = proposeServer(given, told({ tools: [{ name: 'get-sum', inputSchema }] }))
  expect(manifest.tools[0]).toMatchObject({
    name: 'get_sum',
    wire_name: 'get-sum',
    fingerprint: fingerprint({ name: 'get-sum', inputSchema }),
  })
  expect(manifest).toMatchObject({ name: 'strange', title: 'strange-server', version: '2.0.0' })
})

test('what nobody could call is left out, with the reason', () => {
  const tools = [
    { name: 'twice', inputSchema },
    { name: 'twice', inputSchema },
    { name: 'odd', inputSchema: { type: 'nothing' } },
    { name: 'fine', inputSchema },
  ]
  const { manifest, leftOut } = proposeServer(given, told({ tools }))
  expect(manifest.tools.map(({ name }) => name)).toEqual(['fine'])
  expect(leftOut.map(({ tool, why }) => `${tool}: ${why}`)).toEqual([
    'twice: it is offered twice',
    'twice: it is offered twice',
    'odd: what it takes or returns is described by no JSON Schema that can be read',
  ])
})

test('what a person said of a tool counts more than its annotations; how it looks is as the server tells it', () => {
  const said = { ...proposeTool({ name: 'go', inputSchema, description: 'Old.' }, 'go'), effect: 'update' as const }
  const { manifest } = proposeServer(
    { ...given, tools: [said] },
    told({ tools: [{ name: 'go', inputSchema, description: 'New.', annotations: { readOnlyHint: true } }] }),
  )
  expect(manifest.tools[0]).toMatchObject({ effect: 'update', description: 'New.' })
  expect(manifest.tools[0]?.fingerprint).not.toBe(said.fingerprint)
})

test('resources and prompts become reads, unless a tool has the name', () => {
  const content = {
    resources: [{ uri: 'demo://{id}', name: 'Demo', description: '' }],
    prompts: [
      {
        name: 'greet',
        description: '',
        arguments: [
          { name: 'who', required: true },
          { name: 'how', required: false },
        ],
      },
    ],
  }
  const { manifest } = proposeServer(given, told(content))
  expect(manifest.tools.map(({ name, effect, method }) => [name, effect, method])).toEqual([
    ['read_resource', 'read', 'resources/read'],
    ['get_prompt', 'read', 'prompts/get'],
  ])
  expect(manifest.tools[1]?.description).toContain('greet(who, how?)')
  const tools = [{ name: 'read_resource', inputSchema }]
  expect(proposeServer(given, told({ ...content, tools })).manifest.tools.map(({ method }) => method)).toEqual([
    undefined,
    'prompts/get',
  ])
})
