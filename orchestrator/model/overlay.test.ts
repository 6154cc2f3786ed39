import { expect, test } from 'vitest'
import { type ServerManifest, serverManifestSchema } from '../../shared/manifest.ts'
import { overlaySchema, withOverlay } from './overlay.ts'
import { proposeTool } from './propose-tool.ts'

const told = (name: string, properties: object, hints: object = {}) =>
  proposeTool(
    {
      name,
      inputSchema: { type: 'object', required: Object.keys(properties), properties: { ...properties } },
      outputSchema: { type: 'object', properties: { content: { type: 'string' } } },
      annotations: { ...hints },
    },
    name,
  )
const text = { type: 'string' }
const files: ServerManifest = serverManifestSchema.parse({
  name: 'files',
  title: 'Files',
  version: '1.0.0',
  description: '',
  command: ['node'],
  tools: [
    told('write_file', { path: text, content: text }),
    told('move_file', { source: text, destination: text }),
    told('get_info', { path: text }, { readOnlyHint: true }),
  ],
})
const overlaid = (tools: object) => withOverlay(files, overlaySchema.parse({ tools }))
const issuesOf = (tools: object) => {
  const result = overlaid(tools)
  return result.ok ? [] : result.issues.map(({ path, message }) => `${path} ${message}`)
}

test('what an overlay says of a tool counts, and what it leaves out stays as proposed', () => {
  const compensation = {
    tool: 'move_file',
    arguments: {
      source: { $ref: '/arguments/path' },
      destination: { $text: [{ $ref: '/arguments/path' }, '.withdrawn'] },
    },
  }
  const result = overlaid({
    write_file: {
      effect: 'create',
      establishes: ['files.dossier'],
      input: { facts: { '/path': 'files.path' } },
      expect: 'output.content != ""',
      compensation,
      lookup: { tool: 'get_info', arguments: { path: { $ref: '/arguments/path' } } },
    },
  })
  expect(result.ok && result.manifest.tools.map(({ name, effect }) => [name, effect])).toEqual([
    ['write_file', 'create'],
    ['move_file', 'delete'],
    ['get_info', 'read'],
  ])
  expect(result.ok && result.manifest.tools[0]).toMatchObject({
    fingerprint: files.tools[0]?.fingerprint,
    idempotency: 'none',
    establishes: ['files.dossier'],
    marks: { input: { facts: { '/path': 'files.path' } }, output: { facts: {} } },
    compensation,
  })
})

test.each<[string, object, string]>([
  [
    'a tool that is not there',
    { write_fil: {} },
    '/tools/write_fil files has no tool write_fil; did you mean write_file?',
  ],
  [
    'a fact of another server',
    { write_file: { establishes: ['billing.customer'] } },
    '/tools/write_file/establishes/0 billing.customer is not in the namespace of the server: it must begin with files.',
  ],
  [
    'an output that stands for a fact of another server',
    { write_file: { output: { facts: { '/content': 'billing.customer_id' } } } },
    '/tools/write_file/output/facts/~1content billing.customer_id is not in the namespace of the server: it must begin with files.',
  ],
  [
    'a mark on nothing',
    { write_file: { input: { sensitive: ['/secret'] } } },
    '/tools/write_file/input/sensitive/0 /secret leads nowhere in the input of write_file',
  ],
  [
    'an undo by a tool that is not there',
    { write_file: { compensation: { tool: 'remove', arguments: {} } } },
    '/tools/write_file/compensation/tool files has no tool remove',
  ],
  [
    'an undo that reads',
    { write_file: { compensation: { tool: 'get_info', arguments: { path: 'x' } } } },
    '/tools/write_file/compensation/tool get_info is a read: it undoes nothing',
  ],
  [
    'a lookup that changes something',
    { write_file: { lookup: { tool: 'move_file', arguments: { source: 'x', destination: 'y' } } } },
    '/tools/write_file/lookup/tool move_file is no read',
  ],
  [
    'an argument that is left out',
    { write_file: { lookup: { tool: 'get_info', arguments: {} } } },
    '/tools/write_file/lookup/arguments/path get_info needs it',
  ],
  [
    'an argument that is not taken',
    { write_file: { lookup: { tool: 'get_info', arguments: { path: 'x', deep: true } } } },
    '/tools/write_file/lookup/arguments/deep get_info does not take it',
  ],
  [
    'a pointer to nothing in the call',
    { write_file: { lookup: { tool: 'get_info', arguments: { path: { $ref: '/output/path' } } } } },
    '/tools/write_file/lookup/arguments/path /output/path leads nowhere: it must begin with /arguments/ or /output, and lead into what write_file takes or returns',
  ],
  [
    'a read that is undone',
    { get_info: { compensation: { tool: 'move_file', arguments: { source: 'x', destination: 'y' } } } },
    '/tools/get_info/compensation a read leaves nothing to undo',
  ],
])('refuses %s, by its path', (_, tools, issue) => {
  expect(issuesOf(tools)).toEqual([issue])
})

test('knows no other words', () => {
  expect(() => overlaySchema.parse({ tools: { write_file: { expects: 'true' } } })).toThrow('expects')
})
