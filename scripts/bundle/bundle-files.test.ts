/** The files of a bundle that follow from a manifest alone. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { manifestFileOf, manifestSchema, type ServerManifest } from '../../shared/manifest.ts'
import { codeFolder } from '../../shared/own-package.ts'
import { composeFile, dockerfile } from './container-files.ts'
import { mcpbManifest } from './mcpb-manifest.ts'
import { serverJson } from './server-json.ts'
import { variablesOf } from './variables.ts'

const { servers } = manifestSchema.parse(JSON.parse(readFileSync(manifestFileOf(codeFolder), 'utf8')))
const project = { license: 'Apache-2.0', node: '>=22.18', image: 'node:26.10.0-slim' }
const publication = {
  namespace: 'com.example',
  url: 'https://github.example/acme/releases/remit.mcpb',
  sha256: 'a'.repeat(64),
}
const named = (name: string) => servers.find((server) => server.name === name) as ServerManifest

describe('variablesOf', () => {
  test('asks for what a server is given, in words for people', () => {
    expect(variablesOf(named('email')).map(({ description: _, ...variable }) => variable)).toEqual([
      { name: 'SMTP_URL', title: 'SMTP URL', required: true, secret: false },
      { name: 'SMTP_USER', title: 'SMTP user', required: false, secret: true },
      { name: 'SMTP_PASSWORD', title: 'SMTP password', required: false, secret: true },
      { name: 'EMAIL_FROM', title: 'Email from', required: false, secret: false },
    ])
    expect(variablesOf(named('slack'))[0]).toMatchObject({ required: false, default: 'https://slack.com/api/' })
  })
})

describe.each(servers)('the files of $name', (server) => {
  const credentials = Object.keys(server.credentials)

  test('hand each variable to the server by a reference, and hold no value of a credential', () => {
    const { server: started, user_config } = mcpbManifest(server, project)
    for (const { name, secret, required } of variablesOf(server)) {
      const key = name.toLowerCase()
      expect(started.mcp_config.env).toMatchObject({ [name]: `\${user_config.${key}}` })
      expect(user_config[key]).toMatchObject({ sensitive: secret, required })
      expect('default' in (user_config[key] ?? {})).toBe(!required)
    }
    expect(Object.values(user_config).filter(({ sensitive }) => sensitive)).toHaveLength(credentials.length)
    expect(started.mcp_config.args).toContain('--stdio')
  })

  test('say that a bundle starts the server without a sandbox and a record', () => {
    expect(mcpbManifest(server, project).long_description).toContain('without the sandbox, the policy and the record')
  })

  test('run the container read-only, as nobody, and put no credential into the image', () => {
    const image = dockerfile(server, { ...project, registryName: `com.example/${server.name}` })
    expect(image).toMatch(/^USER 65532:65532$/m)
    for (const slot of credentials) expect(image).not.toContain(slot)
    const { services } = parse(composeFile(server))
    expect(services[server.name]).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      user: '65532:65532',
      mem_limit: '512m',
      pids_limit: 96,
    })
    for (const slot of credentials) expect(services[server.name].environment[slot]).toMatch(`\${${slot}:`)
    expect(services[server.name].environment.REMIT_TOKEN_KEYS).toContain(':?')
  })
})

describe('server.json', () => {
  test('names the bundle, its digest and what it needs', () => {
    expect(serverJson(named('billing'), publication)).toMatchObject({
      name: 'com.example/billing',
      packages: [
        {
          registryType: 'mcpb',
          identifier: publication.url,
          fileSha256: publication.sha256,
          environmentVariables: [
            { name: 'STRIPE_API_BASE', isRequired: false, isSecret: false, default: 'https://api.stripe.com' },
            { name: 'STRIPE_API_KEY', isRequired: true, isSecret: true },
          ],
        },
      ],
    })
  })

  test.each<[string, Partial<ServerManifest>, Partial<typeof publication>, string]>([
    ['a description that is too long', { description: 'x'.repeat(101) }, {}, '/description'],
    ['no title', { title: '' }, {}, '/title'],
    ['a name that is no reverse-DNS name', {}, { namespace: 'com.example/other' }, '/name'],
    ['a digest that is none', {}, { sha256: 'A' }, '/packages/0/fileSha256'],
  ])('is refused with %s, by its path', (_, server, more, path) => {
    expect(() => serverJson({ ...named('billing'), ...server }, { ...publication, ...more })).toThrow(`  ${path} `)
  })
})
