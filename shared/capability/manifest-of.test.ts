import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { manifestSchema } from '../manifest.ts'
import { defineServer } from './define-server.ts'
import { type AnyTool, defineTool } from './define-tool.ts'
import { manifestOf } from './manifest-of.ts'

const tool = (changes: Partial<AnyTool<unknown>>) =>
  defineTool<z.ZodObject, z.ZodObject, unknown>({
    name: 'read_thing',
    title: 'Read thing',
    description: 'Read a thing.',
    input: z.object({ id: z.string() }),
    output: z.object({ id: z.string() }),
    effect: 'read',
    run: async () => ({ id: 'x' }),
    ...changes,
  })

const serverOf = (tools: AnyTool<unknown>[], changes: { egress?: string[]; emulates?: string } = {}) =>
  defineServer({
    name: 'things',
    title: 'Things',
    version: '1.0.0',
    description: 'Things.',
    instructions: 'Read things.',
    environment: z.object({}),
    connect: () => ({}),
    tools,
    ...changes,
  })

const only = (changes: Partial<AnyTool<unknown>>) => manifestOf(serverOf([tool(changes)])).tools[0]

describe('manifestOf', () => {
  it('gives a document that the manifest schema takes, with tools in order of name', () => {
    const server = serverOf([tool({ name: 'b_thing' }), tool({ name: 'a_thing' })], { emulates: 'acme' })
    const manifest = manifestOf(server)
    expect(manifestSchema.parse({ version: 1, servers: [manifest] }).servers[0]).toEqual(manifest)
    expect(manifest.tools.map(({ name }) => name)).toEqual(['a_thing', 'b_thing'])
    expect(manifest.command).toEqual(['node', 'servers/things/main.ts'])
    expect(manifest.emulator).toEqual({ vendor: 'acme', command: ['node', 'servers/things/emulator.ts'] })
  })

  it.each([
    ['read', undefined, { readOnlyHint: true, destructiveHint: false, idempotentHint: true }],
    ['create', { keyed: '24h' }, { readOnlyHint: false, destructiveHint: false, idempotentHint: true }],
    ['create', 'none', { readOnlyHint: false, destructiveHint: false, idempotentHint: false }],
    ['update', 'natural', { readOnlyHint: false, destructiveHint: true, idempotentHint: true }],
    ['delete', 'natural', { readOnlyHint: false, destructiveHint: true, idempotentHint: true }],
  ] as const)('derives the hints of a %s with idempotency %j', (effect, idempotency, hints) => {
    const derived = only({ effect, ...(idempotency !== undefined && { idempotency }) })
    expect(derived?.annotations).toMatchObject({ title: 'Read thing', ...hints })
  })

  it('takes an effect that says nothing of repeats as one that would happen twice', () => {
    expect(only({ effect: 'create' })?.idempotency).toBe('none')
    expect(only({ effect: 'read' })?.idempotency).toBe('natural')
  })

  it('says open world only of a server that reaches out', () => {
    const hint = (server: ReturnType<typeof serverOf>) => manifestOf(server).tools[0]?.annotations.openWorldHint
    expect(hint(serverOf([tool({})]))).toBe(false)
    expect(hint(serverOf([tool({})], { egress: ['api.example.com:443'] }))).toBe(true)
  })

  it('changes the fingerprint with the name, description, schemas and effect of a tool, and not with its timeout', () => {
    const base = only({})?.fingerprint
    expect(only({ description: 'Other.' })?.fingerprint).not.toBe(base)
    expect(only({ input: z.object({ id: z.string().min(1) }) })?.fingerprint).not.toBe(base)
    expect(only({ output: z.object({ id: z.number() }) })?.fingerprint).not.toBe(base)
    expect(only({ effect: 'delete', idempotency: 'natural' })?.fingerprint).not.toBe(base)
    expect(only({ timeoutMs: 1 })?.fingerprint).toBe(base)
  })

  it('closes the input to arguments that the tool does not know', () => {
    expect(only({})?.input.additionalProperties).toBe(false)
    expect(only({ input: z.looseObject({ id: z.string() }) })?.input.additionalProperties).not.toBe(false)
  })

  it('refuses a definition that breaks the manifest, naming the place', () => {
    expect(() => only({ name: 'Read-Thing' })).toThrow(/tools/)
    expect(() => only({ establishes: ['nodot'] })).toThrow(/establishes/)
  })
})
