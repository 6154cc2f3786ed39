/** What a client and a server can do with each other. */
export const deeds = ['list', 'call', 'error', 'progress', 'elicitation', 'cancel'] as const
export type Deed = (typeof deeds)[number]

/** Who is tried with Remit, how, and what of it the tests do. */
export interface Row {
  /** Its package, and where its exact version is pinned. */
  package: string
  pinnedIn: 'package.json' | 'test/interop/hosts/package.json'
  /** What it is to Remit. */
  role: 'client of our servers' | 'server for our client'
  by: 'stdio' | 'HTTP'
  era: '2025-11-25' | '2026-07-28'
  /** Why the others are not tried. */
  cannot: Partial<Record<Deed, string>>
}

const forms = 'shows no forms'
const silent = 'does not show what it is told'

/** Every pairing that the tests try: a test file takes its row, and has to try just what the row does not exclude. */
export const matrix = {
  oldClient: {
    package: '@modelcontextprotocol/sdk',
    pinnedIn: 'package.json',
    role: 'client of our servers',
    by: 'stdio',
    era: '2025-11-25',
    cannot: {},
  },
  oldHttpClient: {
    package: '@modelcontextprotocol/sdk',
    pinnedIn: 'package.json',
    role: 'client of our servers',
    by: 'HTTP',
    era: '2025-11-25',
    cannot: {},
  },
  mcporter: {
    package: 'mcporter',
    pinnedIn: 'package.json',
    role: 'client of our servers',
    by: 'stdio',
    era: '2025-11-25',
    cannot: { progress: silent, elicitation: forms },
  },
  oldInspector: {
    package: '@modelcontextprotocol/inspector',
    pinnedIn: 'test/interop/hosts/package.json',
    role: 'client of our servers',
    by: 'stdio',
    era: '2025-11-25',
    cannot: { progress: silent, elicitation: forms },
  },
  inspector: {
    package: '@modelcontextprotocol/inspector',
    pinnedIn: 'test/interop/hosts/package.json',
    role: 'client of our servers',
    by: 'stdio',
    era: '2026-07-28',
    cannot: { progress: silent, elicitation: forms },
  },
  claudeCode: {
    package: '@anthropic-ai/claude-code',
    pinnedIn: 'test/interop/hosts/package.json',
    role: 'client of our servers',
    by: 'stdio',
    era: '2026-07-28',
    cannot: { progress: silent, elicitation: 'has nobody to ask without a terminal' },
  },
  everything: {
    package: '@modelcontextprotocol/server-everything',
    pinnedIn: 'package.json',
    role: 'server for our client',
    by: 'stdio',
    era: '2025-11-25',
    cannot: {},
  },
  everythingHttp: {
    package: '@modelcontextprotocol/server-everything',
    pinnedIn: 'package.json',
    role: 'server for our client',
    by: 'HTTP',
    era: '2025-11-25',
    cannot: {},
  },
  filesystem: {
    package: '@modelcontextprotocol/server-filesystem',
    pinnedIn: 'package.json',
    role: 'server for our client',
    by: 'stdio',
    era: '2025-11-25',
    cannot: { progress: 'has no long tool', elicitation: 'never asks', cancel: 'has no long tool' },
  },
  memory: {
    package: '@modelcontextprotocol/server-memory',
    pinnedIn: 'package.json',
    role: 'server for our client',
    by: 'stdio',
    era: '2025-11-25',
    cannot: { progress: 'has no long tool', elicitation: 'never asks', cancel: 'has no long tool' },
  },
} as const satisfies Record<string, Row>

export type Who = keyof typeof matrix
