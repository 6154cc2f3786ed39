/** A capability server as a host is to start it. */
export interface StdioEntry {
  kind: 'stdio'
  name: string
  /** An absolute path: hosts start programs with paths of their own. */
  command: string
  args: string[]
  /** Nothing in it is a secret. */
  env: Record<string, string>
  /** Environment variables whose values are secrets: the host is told where to find them, never what they are. */
  secrets: string[]
}

/** Remit's own MCP endpoint. */
export interface HttpEntry {
  kind: 'http'
  name: string
  url: string
  /** The environment variable that holds the key. */
  key: string
}

export type Entry = StdioEntry | HttpEntry

/** What all of our entries in a host's configuration are called, so that they are found again. */
export const ownPrefix = 'remit'

/** How hosts know a capability server: under a name that no server of anybody else has. */
export function entryName(server: string): string {
  return `${ownPrefix}-${server}`
}

export function isOwn(name: string): boolean {
  return name === ownPrefix || name.startsWith(`${ownPrefix}-`)
}
