import { expect, test } from 'vitest'
import { type Manifest, type ServerManifest, serverManifestSchema } from '../../shared/manifest.ts'
import { CatalogueError, catalogueOf } from './catalogue.ts'

const marks = { input: {}, output: {} }

function server(name: string, ...tools: string[]): ServerManifest {
  return serverManifestSchema.parse({
    name,
    title: name,
    version: '1.0.0',
    description: '',
    command: ['node'],
    tools: tools.map((tool) => ({
      name: tool,
      title: tool,
      description: '',
      input: {},
      effect: 'read',
      idempotency: 'natural',
      marks,
      fingerprint: 'sha256:0',
    })),
  })
}

/** Why a manifest of these servers is refused. */
function refusals(...servers: ServerManifest[]): string[] {
  const manifest: Manifest = { version: 1, servers }
  try {
    catalogueOf(manifest)
    return []
  } catch (error) {
    if (!(error instanceof CatalogueError)) throw error
    return error.issues.map(({ path, message }) => `${path}: ${message}`)
  }
}

test('two servers may have tools of one name: each is in the namespace of its server', () => {
  expect(refusals(server('billing', 'find'), server('mail', 'find'))).toEqual([])
})

test.each<[string, ServerManifest[], string]>([
  [
    'two servers of one name',
    [server('billing'), server('billing')],
    '/servers/1/name: the server billing has the name of the server billing',
  ],
  [
    'two tools of one name in a server',
    [server('billing', 'find', 'find')],
    '/servers/0/tools/1/name: the tool billing.find has the name of the tool billing.find',
  ],
  [
    'tools that a host could not tell apart',
    [server('mail', 'box_open'), server('mail_box', 'open')],
    '/servers/1/tools/0/name: the tool mail_box.open has the name of the tool mail.box_open',
  ],
  [
    'a server that would pass for the goals',
    [server('goals', 'onboard')],
    '/servers/0/name: goals is the server whose tools are goals',
  ],
])('refuses %s, by path', (_, servers, issue) => {
  expect(refusals(...servers)).toContain(issue)
})
