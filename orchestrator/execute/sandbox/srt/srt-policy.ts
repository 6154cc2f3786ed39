import type { SandboxRuntimeConfig } from '@anthropic-ai/sandbox-runtime'

/** What a supervisor is told of its one jail. */
export interface SrtPolicy {
  reads: readonly string[]
  writes: readonly string[]
  cwd: string
  /** The program at the entrance, and the Node that runs it. */
  node: string
  program: string
}

/** What any program reads of the system. */
const system = [
  '/usr',
  '/bin',
  '/sbin',
  '/lib',
  '/lib32',
  '/lib64',
  '/etc/ssl',
  '/etc/ld.so.cache',
  '/etc/alternatives',
]

/** The runtime allows all reads unless told otherwise, and no host unless one is named: none is, for the doors lead out. */
export function srtConfig({ reads, writes, node }: SrtPolicy, vendor: string): SandboxRuntimeConfig {
  return {
    network: { allowedDomains: [], deniedDomains: [], strictAllowlist: true },
    filesystem: {
      denyRead: ['/'],
      allowRead: [...system, node, vendor, ...reads, ...writes],
      allowWrite: [...writes],
      denyWrite: [],
    },
  }
}

/** The entrance, as a shell reads it. */
export function srtCommand({ node, program }: SrtPolicy): string {
  return `exec ${[node, program].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')}`
}
