import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FakeTerminal } from '../fixtures/fake-terminal.ts'
import { FakeWorkplace } from '../fixtures/fake-workplace.ts'
import { happyPath } from '../fixtures/journals.ts'
import { runCli } from '../run-cli.ts'

let home: string
let file: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'remit-connect-'))
  file = join(home, '.cursor', 'mcp.json')
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

interface Options {
  answer?: string
  secrets?: string[]
}

async function remit(argv: string[], { answer, secrets = [] }: Options = {}) {
  const terminal = new FakeTerminal()
  const workplace = new FakeWorkplace(happyPath().events)
  workplace.machine = { platform: 'linux', home }
  workplace.secrets = secrets
  terminal.folder = join(home, 'project')
  if (answer !== undefined) {
    terminal.canAsk = true
    terminal.answers.push(answer)
  }
  const exit = await runCli(['connect', ...argv], workplace, terminal)
  expect(terminal.listeners.size, 'nobody listens for Ctrl-C any more').toBe(0)
  return { exit, out: terminal.out, err: terminal.err }
}

function place(text: string, mode = 0o600): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  chmodSync(file, mode)
}

const read = () => JSON.parse(readFileSync(file, 'utf8'))
const theirs = { mcpServers: { theirs: { command: 'x', env: { KEY: 'hunter2' } } } }
const billing = {
  type: 'stdio',
  command: '/opt/node',
  args: ['/home/ada/remit/orchestrator/main.ts', 'serve', 'billing'],
}

test('shows the exact command, and writes it after a yes', async () => {
  const { exit, out } = await remit(['cursor', 'billing'], { answer: 'y' })
  expect(exit).toBe(0)
  expect(out).toContain('+       "command": "/opt/node"')
  expect(read()).toEqual({ mcpServers: { 'remit-billing': billing } })
})

test.each([
  ['a no', { answer: 'n' }, 2],
  ['nobody to ask', {}, 0],
])('%s writes nothing', async (_, options, exit) => {
  expect((await remit(['cursor', 'billing'], options)).exit).toBe(exit)
  expect(existsSync(file)).toBe(false)
})

test('--print shows what would change, and writes nothing even with --yes', async () => {
  expect((await remit(['cursor', 'billing', '--print', '--yes'])).out).toContain('"remit-billing"')
  expect(existsSync(file)).toBe(false)
})

test('keeps what was there beside the file, with the rights of the file, and shows none of it', async () => {
  place(JSON.stringify(theirs), 0o640)
  const { out } = await remit(['cursor', 'billing', '--yes'])
  expect(out).not.toContain('hunter2')
  expect(read().mcpServers).toMatchObject({ ...theirs.mcpServers, 'remit-billing': billing })
  expect(statSync(file).mode & 0o777).toBe(0o640)
  const backups = readdirSync(dirname(file)).filter((name) => name.includes('before-remit'))
  expect(backups).toHaveLength(1)
  expect(JSON.parse(readFileSync(join(dirname(file), String(backups[0])), 'utf8'))).toEqual(theirs)
})

test('the second time there is nothing to do, and --remove undoes it', async () => {
  place(JSON.stringify(theirs))
  await remit(['cursor', 'billing', '--yes'])
  expect((await remit(['cursor', 'billing', '--yes'])).out).toContain('it is so already')
  await remit(['cursor', '--remove', '--yes'])
  expect(read()).toEqual(theirs)
  expect((await remit(['cursor', '--remove', '--yes'])).out).toContain('it is so already')
})

test('a link to the configuration stays a link', async () => {
  const real = join(home, 'dotfiles.json')
  writeFileSync(real, '{}')
  mkdirSync(dirname(file))
  symlinkSync(real, file)
  await remit(['cursor', 'billing', '--yes'])
  expect(JSON.parse(readFileSync(real, 'utf8'))).toHaveProperty('mcpServers.remit-billing')
})

test('no secret is written: a host that cannot refer to one is named with what it lacks', async () => {
  const { out } = await remit(['claude-desktop', 'billing', '--yes'], { secrets: ['STRIPE_KEY'] })
  expect(out).toContain('Claude Desktop has no way to be told STRIPE_KEY')
  const desktop = join(home, '.config', 'Claude', 'claude_desktop_config.json')
  expect(JSON.parse(readFileSync(desktop, 'utf8')).mcpServers['remit-billing']).not.toHaveProperty('env')
})

test('remit itself is connected by its URL, where the host takes one', async () => {
  await remit(['cursor', 'remit', '--yes'])
  expect(read().mcpServers).toEqual({
    remit: { url: 'http://127.0.0.1:4747/mcp', headers: { Authorization: `Bearer \${env:REMIT_KEY}` } },
  })
  expect(await remit(['claude-desktop', 'remit', '--yes'])).toMatchObject({
    exit: 2,
    err: expect.stringContaining('takes no URL'),
  })
})

test('--scope project writes to the folder of the person', async () => {
  await remit(['vscode', 'billing', '--scope', 'project', '--yes'])
  expect(readFileSync(join(home, 'project', '.vscode', 'mcp.json'), 'utf8')).toContain('remit-billing')
})

test('--json is one document of our part, and writes with --yes alone', async () => {
  place(JSON.stringify(theirs))
  const { out } = await remit(['cursor', 'billing', '--json'])
  expect(JSON.parse(out)).toMatchObject({
    host: 'Cursor',
    file,
    changed: true,
    written: false,
    before: { mcpServers: {} },
  })
  expect(out).not.toContain('hunter2')
  expect(JSON.parse((await remit(['cursor', 'billing', '--json', '--yes'])).out)).toMatchObject({ written: true })
})

test.each([
  [['cursr', 'billing'], 'did you mean cursor?'],
  [['cursor', 'biling'], 'There is no server biling'],
  [['claude-desktop', 'billing', '--scope', 'project'], 'Claude Desktop has no configuration for one project'],
])('%j is refused', async (argv, message) => {
  const { exit, err } = await remit([...argv, '--yes'])
  expect(exit).toBe(2)
  expect(err).toContain(message)
})

test('a configuration that is no JSON is left as it is', async () => {
  place('{ "mcpServers": ')
  const { exit, err } = await remit(['cursor', 'billing', '--yes'])
  expect(exit).toBe(2)
  expect(err).toContain('mcp.json is left as it is: line 1')
  expect(readFileSync(file, 'utf8')).toBe('{ "mcpServers": ')
})
