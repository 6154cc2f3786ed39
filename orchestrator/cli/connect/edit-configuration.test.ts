import { parse } from 'jsonc-parser'
import { describe, expect, test } from 'vitest'
import { ownEntries, partOf, withEntries, withoutEntries } from './edit-configuration.ts'
import type { StdioEntry } from './entry.ts'
import { type Host, hosts, render } from './hosts.ts'

const vscode = hosts.vscode as Host
const desktop = hosts['claude-desktop'] as Host

function entry(secrets: string[] = []): StdioEntry {
  return { kind: 'stdio', name: 'remit-billing', command: '/opt/node', args: ['main.ts'], env: {}, secrets }
}

function rendered(host: Host, secrets: string[] = []) {
  const it = render(host, entry(secrets))
  if (!it) throw new Error('this host takes no commands')
  return { 'remit-billing': it }
}

const commented = `{
  // Mine, do not touch.
  "servers": {
    "github": { "type": "http", "url": "https://example.test/mcp" }, // theirs
  },
  "inputs": [
    { "type": "promptString", "id": "token", "description": "A token", "password": true }
  ]
}
`

test('comments, trailing commas and other servers stay as they are', () => {
  const edited = withEntries(commented, vscode, rendered(vscode, ['STRIPE_KEY']))
  for (const line of commented.split('\n').filter((each) => !each.includes('promptString')))
    expect(edited.split('\n')).toContain(line)
  expect(parse(edited)).toMatchObject({
    servers: { github: {}, 'remit-billing': { command: '/opt/node' } },
    inputs: [{ id: 'token' }, { id: 'remit-billing:STRIPE_KEY', password: true }],
  })
})

test('what was put in twice is there once, and the second time changes nothing', () => {
  const once = withEntries(commented, vscode, rendered(vscode, ['STRIPE_KEY']))
  expect(withEntries(once, vscode, rendered(vscode, ['STRIPE_KEY']))).toBe(once)
})

test('what is taken out leaves what was there before', () => {
  const edited = withEntries(commented, vscode, rendered(vscode, ['STRIPE_KEY']))
  const restored = withoutEntries(edited, vscode, ownEntries(edited, vscode))
  expect(parse(restored)).toEqual(parse(commented))
  expect(restored).toContain('// Mine, do not touch.')
  expect(withoutEntries(restored, vscode, ['remit-billing'])).toBe(restored)
})

test('an entry that was another way is replaced', () => {
  const old = '{"mcpServers":{"remit-billing":{"command":"/old"},"mine":{"command":"x"}}}'
  const edited = parse(withEntries(old, desktop, rendered(desktop)))
  expect(edited).toEqual({
    mcpServers: { 'remit-billing': { command: '/opt/node', args: ['main.ts'] }, mine: { command: 'x' } },
  })
})

test.each(['', '  \n', '{}'])('a file that holds %o gets what is needed', (text) => {
  expect(parse(withEntries(text, desktop, rendered(desktop)))).toHaveProperty('mcpServers.remit-billing')
})

test.each([
  ['tabs', '{\n\t"mcpServers": {}\n}\n', /\n\t\t"remit-billing"/],
  ['four spaces', '{\n    "mcpServers": {}\n}\n', /\n {8}"remit-billing"/],
  ['line ends of Windows', '{\r\n  "mcpServers": {}\r\n}\r\n', /\r\n {4}"remit-billing"/],
])('%s stay', (_, text, pattern) => {
  expect(withEntries(text, desktop, rendered(desktop))).toMatch(pattern)
})

describe('a file that cannot be edited is refused', () => {
  test.each([
    ['broken JSON, with its line', '{\n  "mcpServers": {\n', /^line 3: /],
    ['a list', '[]', /it must hold one object/],
    ['servers that are a list', '{"mcpServers":[]}', /\/mcpServers must be an object/],
  ])('%s', (_, text, message) => {
    expect(() => withEntries(text, desktop, rendered(desktop))).toThrow(message)
  })
})

test('what is shown of a file is our part of it, and no secret of anybody else', () => {
  const text = '{"mcpServers":{"theirs":{"env":{"KEY":"hunter2"}},"remit-billing":{"command":"/opt/node"}}}'
  expect(partOf(text, desktop, ['remit-billing'])).toEqual({
    mcpServers: { 'remit-billing': { command: '/opt/node' } },
  })
})
