import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { readConfig } from './config.ts'

const folder = mkdtempSync(join(tmpdir(), 'remit-oauth-config-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const key = 'servers:\n  tickets:\n    url: https://tickets.example/mcp\n    oauth: '
function read(oauth: string, mode = 'live', before = key) {
  const file = join(folder, 'remit.config.yaml')
  writeFileSync(file, `mode: ${mode}\n${before}${oauth}\n`)
  return readConfig({ REMIT_CONFIG: file })
}
const oauthOf = (oauth: string) => read(oauth).servers.tickets?.oauth

describe('the configuration of OAuth', () => {
  test('may say next to nothing: who gives tokens is found out, and each principal logs in', () => {
    expect(oauthOf('{}')).toEqual({ grant: 'authorization_code' })
  })

  test('has its files beside it', () => {
    const client = '{ id: remit, secret: { file: secrets/tickets } }'
    expect(oauthOf(`{ issuer: "https://auth.example", client: ${client} }`)).toMatchObject({
      client: { id: 'remit', secret: { file: join(folder, 'secrets/tickets') } },
    })
    const signing = '{ id: remit, private_key: { file: key.pem }, algorithm: ES256 }'
    expect(oauthOf(`{ grant: client_credentials, issuer: "https://auth.example", client: ${signing} }`)).toMatchObject({
      client: { private_key: { file: join(folder, 'key.pem') } },
    })
    expect(read('{}\nlogins: { key: { file: login-key } }').logins).toEqual({
      key: { file: join(folder, 'login-key') },
    })
  })

  test.each([
    ['{ client: { id: remit } }', '/servers/tickets/oauth/issuer is missing'],
    ['{ grant: client_credentials, issuer: "https://a.example" }', '/servers/tickets/oauth/client is missing'],
    [
      '{ grant: client_credentials, issuer: "https://a.example", client: { id: remit } }',
      '/servers/tickets/oauth/client/secret is missing: write { env: NAME }',
    ],
    ['{ issuer: "http://auth.example" }', '/servers/tickets/oauth/issuer must be an https URL, or one on loopback'],
    ['{ client: {} }', '/servers/tickets/oauth/client/id is missing'],
    ['{ client: { document: "https://remit.example" } }', '/servers/tickets/oauth/client/document must have a path'],
    [
      '{ client: { document: "https://remit.example/c", id: x } }',
      '/servers/tickets/oauth/client/document is the id of a public client',
    ],
    [
      '{ issuer: "https://a.example", client: { id: x, private_key: { env: K } } }',
      '/servers/tickets/oauth/client/algorithm is missing',
    ],
    [
      '{ issuer: "https://a.example", client: { id: x, algorithm: ES256 } }',
      '/servers/tickets/oauth/client/algorithm says how a private_key signs',
    ],
    [
      '{ issuer: "https://a.example", client: { id: x, secret: { env: S }, private_key: { env: K }, algorithm: ES256 } }',
      '/servers/tickets/oauth/client/secret is one proof too many',
    ],
    [
      '{ issuer: "https://a.example", client: { id: x, secret: { value: hunter2 } } }',
      '/servers/tickets/oauth/client/secret',
    ],
    ['{ scopes: ["a b"] }', '/servers/tickets/oauth/scopes/0 must be one scope'],
    ['{ scope: [a] }', '/servers/tickets/oauth/scope is not known here'],
  ])('%s is refused: %s', (oauth, message) => {
    expect(() => read(oauth)).toThrow(message)
    expect(() => read(oauth)).not.toThrow('hunter2')
  })

  test('takes its secrets from a keychain, too', () => {
    const client = '{ id: remit, secret: { keychain: remit/tickets } }'
    expect(oauthOf(`{ issuer: "https://auth.example", client: ${client} }`)).toMatchObject({
      client: { secret: { keychain: 'remit/tickets' } },
    })
    expect(read('{}\nlogins: { key: { keychain: remit/logins } }').logins).toEqual({
      key: { keychain: 'remit/logins' },
    })
    expect(() => read('{}\nlogins: { key: { keychain: -w/logins } }')).toThrow('/logins/key/keychain must be SERVICE/')
  })

  test('stands beside one URL or several, and in emulated mode each of them has to be on this machine', () => {
    const several = (urls: string, mode = 'live') =>
      read('{}', mode, `servers:\n  tickets:\n    url: ${urls}\n    oauth: `)
    const urls = ['https://tickets.example/one/mcp', 'https://tickets.example/two/mcp']
    expect(several(JSON.stringify(urls)).servers.tickets).toMatchObject({
      url: urls,
      oauth: { grant: 'authorization_code' },
    })
    expect(() => several('["http://127.0.0.1:1/mcp", "https://tickets.example/mcp"]', 'emulated')).toThrow(
      '/servers/tickets/url is not on this machine',
    )
  })

  test('is for servers elsewhere alone, and in emulated mode for issuers on this machine', () => {
    expect(() => read('{}', 'live', 'servers:\n  tickets:\n    oauth: ')).toThrow(
      '/servers/tickets/oauth is for a server that runs elsewhere: write url',
    )
    const local = key.replace('https://tickets.example', 'http://127.0.0.1:1')
    expect(() => read('{ issuer: "https://auth.example" }', 'emulated', local)).toThrow(
      '/servers/tickets/oauth/issuer is not on this machine',
    )
  })
})
