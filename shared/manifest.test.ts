import { describe, expect, it } from 'vitest'
import { fingerprint, idempotencySchema, jailSchema, serverManifestSchema } from './manifest.ts'

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
})
