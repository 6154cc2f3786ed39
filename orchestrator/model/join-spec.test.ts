import { expect, test } from 'vitest'
import { fromHostEntry, hostEntries, parseSource } from './join-spec.ts'

/** What a host fills in. */
const hosts = (name: string) => ['$', '{', name, '}'].join('')

test.each([
  ['npm:@modelcontextprotocol/server-filesystem', { from: 'npm', name: '@modelcontextprotocol/server-filesystem' }],
  ['npm:@scope/name@1.2.3', { from: 'npm', name: '@scope/name', version: '1.2.3' }],
  ['npm:name@latest', { from: 'npm', name: 'name', version: 'latest' }],
  ['npm:file:./name-1.0.0.tgz', { from: 'archive', path: './name-1.0.0.tgz' }],
  ['https://mcp.example/mcp', { from: 'url', url: 'https://mcp.example/mcp' }],
  ['./manifest.json', undefined],
])('%s is read as %j', (text, source) => {
  expect(parseSource(text)).toEqual(source)
})

test.each([
  ['npm:', '"" is no name of a package'],
  ['npm:a b', '"a b" is no name of a package'],
  ['npm:name@1 || 2', '"1 || 2" is no version'],
  ['npm:./folder', 'what lies in a folder cannot be pinned'],
  ['https://me:pw@mcp.example/mcp', 'the URL seems to hold a credential, what stands before "@"'],
])('%s is refused: %s', (text, why) => {
  expect(() => parseSource(text)).toThrow(why)
})

test('no value of a host’s environment or headers is taken over', () => {
  const wishes = [
    fromHostEntry({
      command: 'npx',
      args: ['-y', '@scope/name@1.0.0', '/data'],
      env: { API_KEY: 's3cret', OTHER: hosts('env:MINE') },
    }),
    fromHostEntry({ command: 'node', args: ['/opt/server.js'], env: { TOKEN: hosts('input:my-token') } }),
    fromHostEntry({ url: 'https://mcp.example', headers: { Authorization: 'Bearer s3cret' } }),
    fromHostEntry({ url: 'https://mcp.example', headers: { Authorization: `Bearer ${hosts('KEY')}` } }),
  ]
  expect(JSON.stringify(wishes)).not.toContain('s3cret')
  expect(wishes).toEqual([
    {
      source: { from: 'npm', name: '@scope/name', version: '1.0.0' },
      args: ['/data'],
      credentials: { API_KEY: { env: 'API_KEY' }, OTHER: { env: 'MINE' } },
    },
    {
      source: { from: 'command', command: ['node'] },
      args: ['/opt/server.js'],
      credentials: { TOKEN: { env: 'MY_TOKEN' } },
    },
    { source: { from: 'url', url: 'https://mcp.example' }, args: [], credentials: { TOKEN: { env: 'TOKEN' } } },
    { source: { from: 'url', url: 'https://mcp.example' }, args: [], credentials: { TOKEN: { env: 'KEY' } } },
  ])
})

test.each([
  [{}, 'neither a /command nor a /url'],
  [{ command: 'npx', args: ['--package=x', 'y'] }, '/args names no package for npx'],
  [{ command: 'node', args: [`${hosts('workspaceFolder')}/x.js`] }, '/args/0 holds a'],
  [{ command: 'node', env: { 'a-b': 'x' } }, '/env/a-b cannot be a slot'],
  [{ command: 'npx', args: ['-y', 'pg', 'postgresql://app:s3cret@db/app'] }, '/args/2 seems to be a credential'],
  [{ command: 'node', args: ['x.js', '--api-key', 's3cret'] }, '/args/2 seems to be a credential'],
  [{ url: 'https://x/mcp?api_key=s3cret' }, '/url seems to hold a credential, its parameter api_key'],
  [{ url: 'https://x', headers: { 'X-Key': 'x' } }, '/headers/X-Key cannot be taken over'],
])('the entry %j is refused: %s', (entry, why) => {
  expect(() => fromHostEntry(entry)).toThrow(why)
  expect(() => fromHostEntry(entry)).not.toThrow('s3cret')
})

test('servers are found in the shape of most hosts and of VS Code', () => {
  expect(Object.keys(hostEntries({ mcpServers: { a: {}, b: {} } }))).toEqual(['a', 'b'])
  expect(Object.keys(hostEntries({ servers: { c: {} } }))).toEqual(['c'])
  expect(() => hostEntries({ other: {} })).toThrow('it has no /mcpServers, and no /servers')
})
