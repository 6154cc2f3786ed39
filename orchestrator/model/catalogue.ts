import type { Issue } from '../../shared/failure.ts'
import { digest } from '../../shared/json.ts'
import type { Manifest, ServerManifest, ToolManifest } from '../../shared/manifest.ts'
import type { Budget } from './goal.ts'
import type { JoinedServer } from './joined-server.ts'
import { nameIssues } from './name-issues.ts'

/** A reviewed tool under its full name, `<server>.<tool>`. */
export interface Tool extends ToolManifest {
  server: string
  id: string
  /** Set where the tool is a goal: calling it starts a run, which may spend this unless its task says less. */
  sub_goal?: { goal: string; budget: Budget }
  /** Set where a person accepted the tool as its running server tells it, in the place of what the manifest says. */
  pinned?: { over: string; by: string; at: string }
}

/** All reviewed tools, by full name, and the servers they belong to. */
export interface Catalogue {
  digest: string
  servers: ReadonlyMap<string, ServerManifest>
  tools: ReadonlyMap<string, Tool>
  /** Strangers' servers among them, by name. */
  joined?: ReadonlyMap<string, Pick<JoinedServer, 'origin' | 'credentials'>> | undefined
}

/** The catalogue of a manifest. Throws a {@link CatalogueError} that lists every tool claiming more than its namespace grants. */
export function catalogueOf(manifest: Manifest): Catalogue {
  const servers = new Map(manifest.servers.map((server) => [server.name, server]))
  const tools = new Map<string, Tool>()
  const issues: Issue[] = nameIssues(manifest)
  for (const [s, server] of manifest.servers.entries()) {
    const names = new Set(server.tools.map((tool) => tool.name))
    for (const [t, tool] of server.tools.entries()) {
      const id = `${server.name}.${tool.name}`
      tools.set(id, { ...tool, server: server.name, id })
      const path = `/servers/${s}/tools/${t}`
      for (const fact of tool.establishes) {
        if (!fact.startsWith(`${server.name}.`))
          issues.push({
            path: `${path}/establishes`,
            message: `${id} establishes ${fact}, which is not in its namespace`,
          })
      }
      for (const [role, bound] of [
        ['compensation', tool.compensation],
        ['lookup', tool.lookup],
      ] as const) {
        if (bound && !names.has(bound.tool))
          issues.push({
            path: `${path}/${role}`,
            message: `${id} names ${bound.tool}, which ${server.name} does not have`,
          })
      }
    }
  }
  if (issues.length > 0) throw new CatalogueError(issues)
  return { digest: digest(manifest), servers, tools }
}

/** A manifest that claims what it may not. */
export class CatalogueError extends Error {
  readonly issues: Issue[]
  constructor(issues: Issue[]) {
    super(`The manifest is refused:\n${issues.map(({ path, message }) => `  ${path}: ${message}`).join('\n')}`)
    this.name = 'CatalogueError'
    this.issues = issues
  }
}

/** The fact that an input field stands for: its mark, or `<server>.<field>` where it has none. */
export function inputFact(tool: Pick<Tool, 'server' | 'marks'>, field: string): string {
  return tool.marks.input.facts[`/${field}`] ?? `${tool.server}.${field}`
}

/** What a journal keeps of a tool, so that a run that waits survives an upgrade: everything but prose, schemas and what it reaches. */
export type ToolContract = Pick<
  Tool,
  | 'id'
  | 'server'
  | 'name'
  | 'title'
  | 'fingerprint'
  | 'effect'
  | 'idempotency'
  | 'expect'
  | 'establishes'
  | 'marks'
  | 'compensation'
  | 'lookup'
  | 'timeout_ms'
  | 'sub_goal'
>

export function contractOf(tool: Tool): ToolContract {
  const { description: _d, input: _i, output: _o, annotations: _a, scopes: _s, ...rest } = tool
  const { egress: _e, pinned: _p, wire_name: _w, method: _m, failures: _f, ...contract } = rest
  return contract
}
