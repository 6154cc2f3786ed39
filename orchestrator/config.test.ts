import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { manifestSchema } from '../shared/manifest.ts'
import { checkNames } from './check-names.ts'
import { readConfig } from './config.ts'
import { catalogueOf } from './model/catalogue.ts'

const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'remit-config-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const file = join(folder, 'remit.config.yaml')
function configOf(text: string, environment: Record<string, string> = {}) {
  writeFileSync(file, text)
  return readConfig({ REMIT_CONFIG: file, ...environment })
}

const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(root, 'servers', 'manifest.json'), 'utf8')))
const catalogue = catalogueOf(manifest)

describe('readConfig', () => {
  test('goes without a file: emulated vendors, and everything under .remit of the project', () => {
    const config = readConfig({ REMIT_CONFIG: join(folder, 'none.yaml') })
    expect(config).toMatchObject({ mode: 'emulated', home: join(root, '.remit'), servers: {} })
    expect(config.policyFile).toBe(join(folder, 'policy.yaml'))
  })

  test('lets no variable choose but REMIT_…: neither a DATABASE_URL nor a vendor’s key', () => {
    const config = configOf('', { DATABASE_URL: 'postgres://somewhere/else', STRIPE_API_KEY: 'sk_live_1' })
    expect(config.mode).toBe('emulated')
    expect(config.databaseUrl).toBeUndefined()
  })

  test('lets REMIT_MODE win over the file, and takes no other word', () => {
    expect(configOf('mode: live').mode).toBe('live')
    expect(configOf('mode: live', { REMIT_MODE: 'emulated' }).mode).toBe('emulated')
    expect(() => configOf('', { REMIT_MODE: 'production' })).toThrow('must be "emulated" or "live"')
  })

  test('names the line of what it does not know', () => {
    expect(() => configOf('mode: emulated\ngoal:\n  - x\n')).toThrow(
      `${file}:2:1 /goal is not known here; did you mean goals?`,
    )
  })

  test('says which rule holds a tool, where the configuration still held it itself', () => {
    expect(() => configOf('policy:\n  hold: [slack.post_message]\n')).toThrow(
      /:2:3 \/policy is the path of a policy file, where a tool is held by the rule \{ .*verdict: hold/,
    )
  })

  test('finds the files of credentials beside itself', () => {
    const { servers } = configOf('servers: { email: { credentials: { SMTP_PASSWORD: { file: secrets/smtp } } } }')
    expect(servers.email?.credentials).toEqual({ SMTP_PASSWORD: { file: join(folder, 'secrets', 'smtp') } })
  })

  test('asks for the strongest sandbox, and takes none only where it is named', () => {
    expect(configOf('').sandbox).toEqual({ driver: 'auto', minimum: 'node-permission', none_by_manifest: true })
    expect(configOf('sandbox: { driver: none }').sandbox).toEqual({
      driver: 'none',
      minimum: 'none',
      none_by_manifest: true,
    })
    expect(configOf('sandbox: { minimum: bwrap }').sandbox).toEqual({
      driver: 'auto',
      minimum: 'bwrap',
      none_by_manifest: false,
    })
    expect(() => configOf('sandbox: { driver: docker }')).toThrow('/sandbox/driver')
  })

  test('takes a server elsewhere by https or on loopback, and in emulated mode on this machine alone', () => {
    const at = (url: string, mode = 'live') => configOf(`mode: ${mode}\nservers: { crm: { url: "${url}" } }`)
    expect(at('https://crm.example/mcp').servers.crm?.url).toEqual(['https://crm.example/mcp'])
    expect(at('http://127.0.0.1:8080/mcp', 'emulated').servers.crm?.url).toEqual(['http://127.0.0.1:8080/mcp'])
    expect(() => at('http://crm.example/mcp')).toThrow('/servers/crm/url must be an https URL, or one on loopback')
    expect(() => at('https://crm.example/mcp', 'emulated')).toThrow('/servers/crm/url is not on this machine')
  })

  test('takes a server elsewhere in several instances, and names the one that is not right', () => {
    const at = (urls: string, mode = 'live') => configOf(`mode: ${mode}\nservers: { crm: { url: ${urls} } }`)
    const two = ['https://one.example/mcp', 'https://two.example/mcp']
    expect(at(JSON.stringify(two)).servers.crm?.url).toEqual(two)
    expect(() => at('["https://one.example/mcp", "http://two.example/mcp"]')).toThrow('/servers/crm/url/1 must be')
    expect(() => at('["http://127.0.0.1/mcp", "https://two.example/mcp"]', 'emulated')).toThrow('not on this machine')
    expect(() => at('[]')).toThrow('/servers/crm/url')
    expect(() => at('7')).toThrow('/servers/crm/url must be a URL, or a list of the URLs of several instances')
  })

  test('refuses a database URL that is none', () => {
    expect(() => configOf('', { REMIT_DATABASE_URL: 'mysql://x' })).toThrow('REMIT_DATABASE_URL must be a URL')
  })
})

describe('checkNames', () => {
  test('is content with the configuration that ships', () => {
    expect(() => checkNames(readConfig({}), catalogue)).not.toThrow()
  })

  test('names every server and slot that the manifest does not have, and what was probably meant', () => {
    const config = configOf(`
servers:
  biling: {}
  billing: { credentials: { STRIPE_KEY: { env: X } }, endpoints: { STRIPE_API_BAS: { value: x } } }
  email: { settings: { SENDER: Acme } }
`)
    expect(() => checkNames(config, catalogue)).toThrow(
      [
        `The configuration (${file}) is refused:`,
        '  /servers/biling names no server of the manifest; did you mean billing?',
        '  /servers/billing/endpoints/STRIPE_API_BAS names no endpoint of the manifest; did you mean STRIPE_API_BASE?',
        '  /servers/billing/credentials/STRIPE_KEY names no credential of the manifest; it has STRIPE_API_KEY',
        '  /servers/email/settings/SENDER names no setting of the manifest; it has EMAIL_FROM',
      ].join('\n'),
    )
  })

  test('takes a server that is to be added once somebody has logged in there', () => {
    const at = (more: string) => configOf(`mode: live\nservers: { crm: { url: "https://crm.example/mcp"${more} } }`)
    expect(() => checkNames(at(', oauth: {}'), catalogue)).not.toThrow()
    expect(() => checkNames(at(''), catalogue)).toThrow('/servers/crm names no server of the manifest')
  })

  test('lets only a server run in several instances that keeps nothing the others would miss', () => {
    const at = (name: string) =>
      configOf(`servers: { ${name}: { url: ["http://127.0.0.1:1/mcp", "http://127.0.0.1:2/mcp"] } }`)
    expect(() => checkNames(at('billing'), catalogue)).not.toThrow()
    expect(() => checkNames(at('email'), catalogue)).toThrow('/servers/email/url names 2 instances; email keeps')
  })

  test('takes the key, the endpoint and the models of Claude from the environment', () => {
    const { claude } = configOf('claude: { models: [one], answer_tokens: 2000 }', {
      ANTHROPIC_API_KEY: 'sk-1',
      ANTHROPIC_BASE_URL: 'http://127.0.0.1:1',
      ANTHROPIC_MODEL: 'two, three,',
    })
    expect(claude).toMatchObject({ apiKey: 'sk-1', baseUrl: 'http://127.0.0.1:1', models: ['two', 'three'] })
    expect(claude.answerTokens).toBe(2_000)
  })

  test('has no key where the environment has none, and the models of the file', () => {
    const { claude } = configOf('claude: { models: [one, two] }', { ANTHROPIC_API_KEY: '', ANTHROPIC_MODEL: '' })
    expect(claude.models).toEqual(['one', 'two'])
    expect(claude).not.toHaveProperty('apiKey')
  })

  test('refuses an endpoint that is no URL', () => {
    expect(() => configOf('', { ANTHROPIC_BASE_URL: 'gateway' })).toThrow('ANTHROPIC_BASE_URL must be a URL')
  })
})
