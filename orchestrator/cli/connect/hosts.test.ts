import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { HttpEntry, StdioEntry } from './entry.ts'
import type { Machine, Scope } from './host-paths.ts'
import { hosts, render } from './hosts.ts'

const linux: Machine = { platform: 'linux', home: '/home/ada', project: '/home/ada/shop' }
const mac: Machine = { platform: 'darwin', home: '/Users/ada', project: '/Users/ada/shop' }
const windows: Machine = { platform: 'win32', home: 'C:\\Users\\ada', project: 'D:\\shop' }
const roaming = { ...windows, appData: 'C:\\Users\\ada\\AppData\\Roaming' }

const stdio: StdioEntry = {
  kind: 'stdio',
  name: 'remit-billing',
  command: '/opt/remit/node',
  args: ['/opt/remit/orchestrator/main.ts', 'serve', 'billing'],
  env: { REMIT_HOME: '/srv/remit' },
  secrets: ['STRIPE_KEY'],
}
const http: HttpEntry = { kind: 'http', name: 'remit', url: 'http://127.0.0.1:4747/mcp', key: 'REMIT_KEY' }

const text = z.string()
const texts = z.record(z.string(), z.string())
const command = { command: z.string().regex(/^(\/|[A-Z]:\\)/, 'an absolute path'), args: z.array(text) }

/** What each host documents that it takes, and nothing more. */
const documented = {
  'claude-desktop': { stdio: z.strictObject({ ...command, env: texts.optional() }) },
  'claude-code': {
    stdio: z.strictObject({ type: z.literal('stdio'), ...command, env: texts.optional() }),
    http: z.strictObject({ type: z.literal('http'), url: z.url(), headers: texts }),
  },
  vscode: {
    stdio: z.strictObject({ type: z.literal('stdio'), ...command, env: texts.optional() }),
    http: z.strictObject({ type: z.literal('http'), url: z.url(), headers: texts }),
  },
  cursor: {
    stdio: z.strictObject({ type: z.literal('stdio'), ...command, env: texts.optional() }),
    http: z.strictObject({ url: z.url(), headers: texts }),
  },
  windsurf: {
    stdio: z.strictObject({ ...command, env: texts.optional() }),
    http: z.strictObject({ serverUrl: z.url(), headers: texts }),
  },
  gemini: {
    stdio: z.strictObject({ ...command, env: texts.optional() }),
    http: z.strictObject({ httpUrl: z.url(), headers: texts }),
  },
  opencode: {
    stdio: z.strictObject({
      type: z.literal('local'),
      command: z.array(text).min(1),
      enabled: z.boolean(),
      environment: texts.optional(),
    }),
    http: z.strictObject({ type: z.literal('remote'), url: z.url(), enabled: z.boolean(), headers: texts }),
  },
} as const satisfies Record<string, { stdio: z.ZodType; http?: z.ZodType }>

describe.each(Object.entries(hosts))('%s', (id, host) => {
  const schemas: { stdio: z.ZodType; http?: z.ZodType } = documented[id as keyof typeof documented]

  test('takes what it documents for a command', () => {
    schemas.stdio.parse(render(host, stdio)?.server)
    schemas.stdio.parse(render(host, { ...stdio, env: {}, secrets: [] })?.server)
  })

  test('takes what it documents for a URL, or none at all', () => {
    const rendered = render(host, http)
    if (schemas.http) schemas.http.parse(rendered?.server)
    else expect(rendered).toBeUndefined()
  })

  test('says of every secret where it is, or that it has to do without', () => {
    const rendered = render(host, stdio)
    const told = JSON.stringify([rendered?.server, rendered?.inputs, rendered?.missing])
    expect(told).toContain('STRIPE_KEY')
    expect(rendered?.missing).toEqual(id === 'claude-desktop' ? ['STRIPE_KEY'] : [])
  })
})

test('each host that is documented here is there', () => {
  expect(Object.keys(hosts).sort()).toEqual(Object.keys(documented).sort())
})

test.each([
  ['claude-code', `\${STRIPE_KEY}`],
  ['vscode', `\${input:remit-billing:STRIPE_KEY}`],
  ['cursor', `\${env:STRIPE_KEY}`],
  ['windsurf', `\${env:STRIPE_KEY}`],
  ['gemini', '$STRIPE_KEY'],
  ['opencode', '{env:STRIPE_KEY}'],
])('%s refers to a secret as %s', (id, reference) => {
  const host = hosts[id]
  const server = host && render(host, stdio)?.server
  expect(server?.env ?? server?.environment).toEqual({ REMIT_HOME: '/srv/remit', STRIPE_KEY: reference })
})

test('VS Code asks for a secret by a prompt that hides what is typed', () => {
  const rendered = hosts.vscode && render(hosts.vscode, stdio)
  expect(rendered?.inputs).toEqual([
    {
      type: 'promptString',
      id: 'remit-billing:STRIPE_KEY',
      description: 'STRIPE_KEY for remit-billing',
      password: true,
    },
  ])
})

test.each<[string, Scope, Machine, string]>([
  ['claude-desktop', 'user', linux, '/home/ada/.config/Claude/claude_desktop_config.json'],
  ['claude-desktop', 'user', mac, '/Users/ada/Library/Application Support/Claude/claude_desktop_config.json'],
  ['claude-desktop', 'user', roaming, 'C:\\Users\\ada\\AppData\\Roaming\\Claude\\claude_desktop_config.json'],
  ['claude-desktop', 'user', windows, 'C:\\Users\\ada\\AppData\\Roaming\\Claude\\claude_desktop_config.json'],
  ['claude-code', 'user', linux, '/home/ada/.claude.json'],
  ['claude-code', 'project', windows, 'D:\\shop\\.mcp.json'],
  ['vscode', 'user', linux, '/home/ada/.config/Code/User/mcp.json'],
  ['vscode', 'user', mac, '/Users/ada/Library/Application Support/Code/User/mcp.json'],
  ['vscode', 'user', roaming, 'C:\\Users\\ada\\AppData\\Roaming\\Code\\User\\mcp.json'],
  ['vscode', 'project', linux, '/home/ada/shop/.vscode/mcp.json'],
  ['cursor', 'user', windows, 'C:\\Users\\ada\\.cursor\\mcp.json'],
  ['cursor', 'project', mac, '/Users/ada/shop/.cursor/mcp.json'],
  ['windsurf', 'user', windows, 'C:\\Users\\ada\\.codeium\\windsurf\\mcp_config.json'],
  ['gemini', 'user', linux, '/home/ada/.gemini/settings.json'],
  ['gemini', 'project', linux, '/home/ada/shop/.gemini/settings.json'],
  ['opencode', 'user', linux, '/home/ada/.config/opencode/opencode.json'],
  ['opencode', 'user', { ...linux, configHome: '/cfg' }, '/cfg/opencode/opencode.json'],
  ['opencode', 'project', linux, '/home/ada/shop/opencode.json'],
])('%s reads the configuration of a %s on %o at %s', (id, scope, machine, file) => {
  expect(hosts[id]?.files[scope]?.(machine)).toBe(file)
})
