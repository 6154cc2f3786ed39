import type { JsonObject } from '../../../shared/json.ts'
import type { Entry, HttpEntry, StdioEntry } from './entry.ts'
import { inApplicationFolder, inConfigHome, inHome, inProject, type Machine, type Scope } from './host-paths.ts'

/** An MCP host: where its configuration lies, and in which shape it wants a server there. */
export interface Host {
  title: string
  /** The member that holds the servers, by name. */
  servers: string
  /** Where it reads its configuration; the first scope is the usual one. */
  files: Partial<Record<Scope, (machine: Machine) => string>>
  /** How a value refers to an environment variable; undefined where the host has no way, or asks for it. */
  reference?(variable: string): string
  /** True where it asks the person for secrets, once, and keeps them itself. */
  asks?: boolean
  stdio(entry: StdioEntry, env: Record<string, string>): JsonObject
  /** Undefined where its configuration takes no URL. */
  http?(entry: HttpEntry, headers: Record<string, string>): JsonObject
}

/** The usual shape: a command, its arguments and its environment. */
const plain: Host['stdio'] = ({ command, args }, env) => ({ command, args, ...(isEmpty(env) ? {} : { env }) })
const typed: Host['stdio'] = (entry, env) => ({ type: 'stdio', ...plain(entry, env) })

/** Each host's own shape, as its documentation has it. */
export const hosts: Readonly<Record<string, Host>> = {
  'claude-desktop': {
    title: 'Claude Desktop',
    servers: 'mcpServers',
    files: { user: (machine) => inApplicationFolder(machine, 'Claude', 'claude_desktop_config.json') },
    stdio: plain,
  },
  'claude-code': {
    title: 'Claude Code',
    servers: 'mcpServers',
    files: {
      user: (machine) => inHome(machine, '.claude.json'),
      project: (machine) => inProject(machine, '.mcp.json'),
    },
    reference: (variable) => `\${${variable}}`,
    stdio: typed,
    http: ({ url }, headers) => ({ type: 'http', url, headers }),
  },
  vscode: {
    title: 'VS Code',
    servers: 'servers',
    files: {
      user: (machine) => inApplicationFolder(machine, 'Code', 'User', 'mcp.json'),
      project: (machine) => inProject(machine, '.vscode', 'mcp.json'),
    },
    asks: true,
    stdio: typed,
    http: ({ url }, headers) => ({ type: 'http', url, headers }),
  },
  cursor: {
    title: 'Cursor',
    servers: 'mcpServers',
    files: {
      user: (machine) => inHome(machine, '.cursor', 'mcp.json'),
      project: (machine) => inProject(machine, '.cursor', 'mcp.json'),
    },
    reference: (variable) => `\${env:${variable}}`,
    stdio: typed,
    http: ({ url }, headers) => ({ url, headers }),
  },
  windsurf: {
    title: 'Windsurf',
    servers: 'mcpServers',
    files: { user: (machine) => inHome(machine, '.codeium', 'windsurf', 'mcp_config.json') },
    reference: (variable) => `\${env:${variable}}`,
    stdio: plain,
    http: ({ url }, headers) => ({ serverUrl: url, headers }),
  },
  gemini: {
    title: 'Gemini CLI',
    servers: 'mcpServers',
    files: {
      user: (machine) => inHome(machine, '.gemini', 'settings.json'),
      project: (machine) => inProject(machine, '.gemini', 'settings.json'),
    },
    reference: (variable) => `$${variable}`,
    stdio: plain,
    http: ({ url }, headers) => ({ httpUrl: url, headers }),
  },
  opencode: {
    title: 'opencode',
    servers: 'mcp',
    files: {
      user: (machine) => inConfigHome(machine, 'opencode', 'opencode.json'),
      project: (machine) => inProject(machine, 'opencode.json'),
    },
    reference: (variable) => `{env:${variable}}`,
    stdio: ({ command, args }, env) => ({
      type: 'local',
      command: [command, ...args],
      enabled: true,
      ...(isEmpty(env) ? {} : { environment: env }),
    }),
    http: ({ url }, headers) => ({ type: 'remote', url, enabled: true, headers }),
  },
}

/** What goes into a host's configuration for one entry. */
export interface Rendered {
  server: JsonObject
  /** What the host asks the person for: the members of `inputs`. */
  inputs: PromptInput[]
  /** Secrets that the host can neither ask for nor refer to: its entry has to do without. */
  missing: string[]
}

export interface PromptInput extends Record<string, string | boolean> {
  type: 'promptString'
  id: string
  description: string
  password: true
}

/** An entry in the host's shape, without a single secret; undefined where the host cannot have it. */
export function render(host: Host, entry: Entry): Rendered | undefined {
  const wanted = entry.kind === 'stdio' ? entry.secrets : [entry.key]
  const inputs = host.asks ? wanted.map((variable) => promptFor(entry.name, variable)) : []
  const refer = (variable: string) =>
    host.asks ? `\${input:${inputId(entry.name, variable)}}` : host.reference?.(variable)
  if (entry.kind === 'http') {
    const key = refer(entry.key)
    const server = key === undefined ? undefined : host.http?.(entry, { Authorization: `Bearer ${key}` })
    return server && { server, inputs, missing: [] }
  }
  const referred = wanted.flatMap((variable) => {
    const value = refer(variable)
    return value === undefined ? [] : [[variable, value] as const]
  })
  const env = { ...entry.env, ...Object.fromEntries(referred) }
  const missing = wanted.filter((variable) => !(variable in env))
  return { server: host.stdio(entry, env), inputs, missing }
}

/** Starts with the name of its entry, so that it can be taken out with it. */
function inputId(entry: string, variable: string): string {
  return `${entry}:${variable}`
}

function promptFor(entry: string, variable: string): PromptInput {
  return { type: 'promptString', id: inputId(entry, variable), description: `${variable} for ${entry}`, password: true }
}

function isEmpty(object: object): boolean {
  return Object.keys(object).length === 0
}
