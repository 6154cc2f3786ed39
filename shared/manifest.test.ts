import { describe, expect, it } from 'vitest'
import { fingerprint, idempotencySchema, jailSchema, requestRuleSchema, serverManifestSchema } from './manifest.ts'

const tool = {
  name: 'read_thing',
  description: 'Read a thing.',
  inputSchema: { type: 'object', properties: { id: { type: 'string' } } },
}

describe('fingerprint', () => {
  it('does not depend on the order of keys or on the dialect line', () => {
    const inputSchema = { $schema: 'x', properties: { id: { type: 'string' } }, type: 'object' }
    expect(fingerprint({ inputSchema, description: tool.description, name: tool.name })).toBe(fingerprint(tool))
  })

  it('tells a missing output schema from an empty one, and sees annotations', () => {
    expect(fingerprint({ ...tool, outputSchema: {} })).not.toBe(fingerprint(tool))
    expect(fingerprint({ ...tool, annotations: { readOnlyHint: true } })).not.toBe(fingerprint(tool))
  })
})

describe('serverManifestSchema', () => {
  const server = { name: 'things', title: 'Things', version: '1', description: 'Things.', command: ['node'], tools: [] }

  it.each(['*.stripe.com:443', 'api.stripe.com', 'https://api.stripe.com:443'])('refuses the egress %s', (egress) => {
    expect(serverManifestSchema.safeParse({ ...server, egress: [egress] }).success).toBe(false)
  })

  it.each([
    { read: ['/home/*'] },
    { write: ['../up'] },
    { read: ['/data/{a,b}'] },
    { memory_mb: 0 },
    { sandbox: 'weak' },
  ])('refuses the jail %j', (jail) => {
    expect(serverManifestSchema.safeParse({ ...server, jail }).success).toBe(false)
  })

  it('grants nothing of the disk by default, and a little of the machine', () => {
    expect(jailSchema.parse({})).toMatchObject({ read: [], write: [], memory_mb: 512, processes: 96, cpu: 1 })
    expect(jailSchema.parse({})).not.toHaveProperty('sandbox')
  })

  it('refuses a key that it does not know: a typing error must not loosen a rule', () => {
    expect(serverManifestSchema.safeParse({ ...server, egres: [] }).success).toBe(false)
    expect(serverManifestSchema.safeParse(server).success).toBe(true)
  })

  it.each([
    ['24h', true],
    ['7d', true],
    ['1 day', false],
    ['-1h', false],
  ])('takes a key kept for %s: %s', (keyed, ok) => {
    expect(idempotencySchema.safeParse({ keyed }).success).toBe(ok)
  })

  const api = { API: { description: '', protocol: 'http' }, MAIL: { description: '', protocol: 'smtp' } }
  const slot = { description: '', delivery: 'egress', endpoint: 'API', header: { form: 'bearer' }, placeholder: 'x' }
  const takes = (changes: object) => serverManifestSchema.safeParse({ ...server, endpoints: api, ...changes }).success

  it.each([
    ['the server gets unless said', { description: '' }, true],
    ['goes out as Bearer', slot, true],
    ['goes out as Basic', { ...slot, header: { form: 'basic', user: 'api' } }, true],
    ['goes out in a header of its own', { ...slot, header: { form: 'header', name: 'X-Api-Key' } }, true],
    ['goes to an endpoint that is not there', { ...slot, endpoint: 'OTHER' }, false],
    ['goes to an endpoint without headers', { ...slot, endpoint: 'MAIL' }, false],
    ['names no header', { ...slot, header: undefined }, false],
    ['would break a header', { ...slot, header: { form: 'header', name: 'X-Key: y' } }, false],
    ['is held by the server and has a header', { ...slot, delivery: 'env' }, false],
  ])('a credential that %s: %j', (_, credential, ok) => {
    expect(takes({ credentials: { KEY: credential } })).toBe(ok)
  })

  it.each([
    ['/', true],
    ['/v1/customers/{customer}', true],
    ['/chat.postMessage', true],
    ['/v1/*', false],
    ['/v1/**', false],
    ['/v1/../admin', false],
    ['/v1/./admin', false],
    ['/v1//customers', false],
    ['/v1/{customer}x', false],
    ['/v1/customers/', false],
    ['/v1/customers?limit=1', false],
    ['/v1/%2e%2e', false],
    ['v1', false],
  ])('a path that a tool may ask for: %s %s', (path, ok) => {
    const { success } = requestRuleSchema.safeParse({ endpoint: 'API', methods: ['GET'], paths: [path] })
    expect(success).toBe(ok)
  })

  it('refuses a tool that asks for what is no http endpoint of its server, by its path', () => {
    const marks = { facts: {}, sensitive: [], destinations: [] }
    const egress = [{ endpoint: 'MAIL', methods: ['GET'], paths: ['/'] }]
    const parts = { title: '', description: '', input: {}, effect: 'read', idempotency: 'natural', fingerprint: '' }
    const tools = [{ name: 'read_mail', ...parts, marks: { input: marks, output: marks }, egress }]
    expect(serverManifestSchema.safeParse({ ...server, endpoints: api, tools }).error?.issues).toEqual([
      expect.objectContaining({
        path: ['tools', 0, 'egress', 0, 'endpoint'],
        message: 'MAIL is no http endpoint of this server',
      }),
    ])
  })
})
