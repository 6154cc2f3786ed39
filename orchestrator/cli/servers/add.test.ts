import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FakeTerminal } from '../fixtures/fake-terminal.ts'
import { FakeWorkplace } from '../fixtures/fake-workplace.ts'
import { happyPath } from '../fixtures/journals.ts'
import { runCli } from '../run-cli.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'remit-add-'))
  const host = {
    mcpServers: {
      'GitHub Server': { command: 'npx', args: ['-y', '@acme/github@1.0.0'], env: { GITHUB_TOKEN: 'ghp_secret' } },
      notes: { command: '/opt/notes', args: ['--all'] },
    },
  }
  // Hosts allow comments.
  writeFileSync(join(folder, 'host.json'), `// of a host\n${JSON.stringify(host)}`)
  writeFileSync(join(folder, 'broken.json'), '{ "mcpServers": {\n  "a": { "command": "x" "args": [] } } }')
  writeFileSync(join(folder, 'overlay.yaml'), 'tools: { write_file: { effect: create } }\n')
  const remote = { url: 'https://weather.example/mcp', auth: { bearer: 'KEY' } }
  const weather = { name: 'weather', remote, credentials: { KEY: { description: 'Ours.' } }, egress: [] }
  writeFileSync(join(folder, 'weather.json'), JSON.stringify(weather))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function remit(argv: string[], prepare: (workplace: FakeWorkplace, terminal: FakeTerminal) => void = () => {}) {
  const terminal = new FakeTerminal()
  terminal.folder = folder
  const workplace = new FakeWorkplace(happyPath().events)
  prepare(workplace, terminal)
  const exit = await runCli(['servers', ...argv], workplace, terminal)
  expect(terminal.listeners.size, 'nobody listens for Ctrl-C any more').toBe(0)
  const [wish] = workplace.wishes
  return { exit, out: terminal.out, err: terminal.err, wish, joined: workplace.joined, workplace }
}

const person = (answer: string) => (_: FakeWorkplace, terminal: FakeTerminal) => {
  terminal.canAsk = true
  terminal.answers.push(answer)
}

test('shows a person what it would be taken for, and adds it on a yes', async () => {
  const { exit, out, joined } = await remit(['add', 'npm:files', '--', '/data'], person('y'))
  expect(exit).toBe(0)
  expect(joined).toEqual(['files'])
  for (const part of [
    'npm: files 1.0.0, with 2 others, each held by its integrity; none of their scripts ran',
    'node /p/index.js /data',
    'network     none',
    'create_customer',
    '✓ files takes part',
  ])
    expect(out.replace(/\s+/g, ' ')).toContain(part.replace(/\s+/g, ' '))
})

test('adds nothing without a yes, and nothing is started where nobody could say it', async () => {
  expect(await remit(['add', 'npm:files'], person('n'))).toMatchObject({ exit: 2, joined: [] })
  const scripted = await remit(['add', 'npm:files'])
  expect(scripted).toMatchObject({ exit: 2, joined: [], wish: undefined })
  expect(scripted.err).toContain('--yes')
})

test('--json looks, and adds with --yes alone', async () => {
  const looked = await remit(['add', 'npm:files', '--json'])
  expect(JSON.parse(looked.out)).toMatchObject({ accepted: false, server: { name: 'files' }, unpinned: null })
  expect(looked.joined).toEqual([])
  const added = await remit(['add', 'npm:files', '--json', '--yes'])
  expect(JSON.parse(added.out)).toMatchObject({ accepted: true })
  expect(added.joined).toEqual(['files'])
})

test('says of a server elsewhere that its code cannot be pinned', async () => {
  const { out } = await remit(['add', 'https://mcp.example/mcp', '--yes'], (workplace) => {
    const { command: _, ...server } = workplace.proposal.server
    const remote = { url: 'https://mcp.example/mcp', auth: 'none' as const }
    workplace.proposal = { ...workplace.proposal, origin: { from: 'url' }, server: { ...server, command: [], remote } }
  })
  expect(out.replace(/\s+/g, ' ')).toContain('! not pinned its code runs elsewhere and cannot be pinned')
  expect(out).toContain('none: it is asked without a token')
})

test('shows what changes where it takes the place of an earlier version', async () => {
  const { out } = await remit(['add', 'npm:files', '--yes'], (workplace) => {
    const { server } = workplace.proposal
    const [tool] = server.tools
    const replaces = {
      ...server,
      tools: tool
        ? [
            { ...tool, name: 'gone' },
            { ...tool, fingerprint: 'sha256:1', description: 'Old.' },
          ]
        : [],
    }
    workplace.proposal = { ...workplace.proposal, replaces }
  })
  expect(out).toContain('It takes the place of')
  expect(out).toContain('- gone: gone')
  expect(out).toContain('~ create_customer: changed')
  expect(out).toContain('-   "description": "Old."')
})

test('takes an entry of a host over without the values of its variables', async () => {
  const { wish } = await remit(['add', '--from', 'host.json', 'GitHub Server', '--yes'])
  expect(wish).toEqual({
    source: { from: 'npm', name: '@acme/github', version: '1.0.0' },
    args: [],
    name: 'github_server',
    credentials: { GITHUB_TOKEN: { env: 'GITHUB_TOKEN' } },
    read: [],
    write: [],
    egress: [],
  })
  const unnamed = await remit(['add', '--from', 'host.json', '--yes'])
  expect(unnamed.err).toContain('host.json has GitHub Server, notes')
  expect((await remit(['add', '--from', 'host.json', 'note', '--yes'])).err).toContain('did you mean notes?')
})

test('takes grants, references and an overlay', async () => {
  const options = [
    '--name',
    'f',
    '--read',
    'in',
    '--write',
    'out',
    '--egress',
    'api.example:443',
    '--overlay',
    'overlay.yaml',
  ]
  const { wish } = await remit([
    'add',
    'npm:files',
    ...options,
    '--credential',
    'A',
    '--credential',
    'B=env:C',
    '--yes',
  ])
  expect(wish).toMatchObject({
    name: 'f',
    read: ['in'],
    write: ['out'],
    egress: ['api.example:443'],
    credentials: { A: { env: 'A' }, B: { env: 'C' } },
    overlay: { tools: { write_file: { effect: 'create' } } },
  })
  const value = await remit(['add', 'npm:files', '--credential', 'A=s3cret', '--yes'])
  expect(value.exit).toBe(2)
  expect(value.err).toContain('values are not written down')
  expect(value.err).not.toContain('s3cret')
})

test('takes a file that describes a server', async () => {
  const { wish } = await remit(['add', './weather.json', '--yes'])
  expect(wish).toMatchObject({
    source: { from: 'url', url: 'https://weather.example/mcp' },
    credentials: { KEY: { env: 'KEY' } },
    given: { name: 'weather' },
  })
})

test('what a file asks for is granted by a person, and nothing in it runs outside the jail', async () => {
  const command = ['node', '/opt/helper.js']
  const helper = {
    name: 'helper',
    command,
    emulator: { vendor: 'V', command: ['/opt/anything'] },
    jail: { sandbox: 'none', read: ['/etc/keys'], write: ['/srv/out'] },
    egress: ['api.example:443'],
    endpoints: { API_URL: { description: 'Theirs.', protocol: 'http', live: 'https://evil.example' } },
  }
  writeFileSync(join(folder, 'helper.json'), JSON.stringify(helper))
  const { exit, err, wish } = await remit(['add', './helper.json', '--yes'])
  expect({ exit, wish }).toEqual({ exit: 2, wish: undefined })
  for (const part of [
    '/emulator',
    '/endpoints',
    '/jail/sandbox',
    '/jail/read/0 --read /etc/keys',
    '/jail/write/0 --write /srv/out',
    '/egress/0 --egress api.example:443',
  ])
    expect(err.replace(/\s+/g, ' ')).toContain(part)

  const { emulator: _, endpoints: __, jail, ...rest } = helper
  const asked = { ...rest, jail: { ...jail, sandbox: undefined } }
  writeFileSync(join(folder, 'helper.json'), JSON.stringify(asked))
  const grants = ['--read', '/etc/keys', '--write', '/srv/out', '--egress', 'api.example:443']
  const granted = await remit(['add', './helper.json', ...grants, '--yes'])
  expect(granted.wish).toMatchObject({ read: ['/etc/keys'], write: ['/srv/out'], egress: ['api.example:443'] })
  expect(granted.wish?.given).toMatchObject({ jail: { read: [], write: [] } })
})

test.each([
  [['add', './missing.json', '--yes'], 'missing.json cannot be read (ENOENT)'],
  [['add', 'npm:./folder', '--yes'], 'what lies in a folder cannot be pinned'],
  [['add', '--yes'], 'Say which server'],
  [['add', 'npm:pg', '--yes', '--', '--verbose', 'postgres://me:s3cret@db/app'], 'npm:pg: argument 2 after -- seems'],
  [['add', 'https://mcp.example/?token=s3cret', '--yes'], 'mcp.example: the URL seems to hold a credential'],
  [['add', './overlay.yaml', '--yes'], '/command must be a list of texts'],
  [['add', '--from', 'broken.json', '--yes'], 'broken.json is no JSON: line 2'],
  [['add', '--from', 'weather.json', '--yes'], 'it has no /mcpServers'],
])('%j is refused: %s', async (argv, why) => {
  const { exit, err, wish } = await remit(argv)
  expect(exit).toBe(2)
  expect(err.replace(/\s+/g, ' ')).toContain(why)
  expect(err).not.toContain('s3cret')
  expect(wish).toBeUndefined()
})

test('remove, install and show do what they say', async () => {
  expect((await remit(['remove', 'files'])).out).toContain('✓ files takes part no more')
  expect((await remit(['remove', 'other'])).err).toContain('No server other was added')
  expect((await remit(['install', 'files'])).out).toContain('Installed files')
  const shown = await remit(['show', 'files'], (workplace) => {
    workplace.told = {
      ...workplace.told,
      tools: [{ name: 'get-sum', description: 'Adds.\nMore.', inputSchema: {} }],
      resources: [{ uri: 'note://1', name: 'First', description: '' }],
      prompts: [{ name: 'greet', description: '', arguments: [{ name: 'who', required: false }] }],
    }
  })
  for (const part of ['get-sum', 'Adds.', 'note://1  First', 'greet(who?)']) expect(shown.out).toContain(part)
  const asked = await remit(['show', 'files', '--prompt', 'greet', '--argument', 'who=Ada', '--json'])
  expect(asked.workplace.questions).toEqual([{ prompt: 'greet', arguments: { who: 'Ada' } }])
  expect(JSON.parse(asked.out)).toEqual({ content: { contents: [] } })
})
