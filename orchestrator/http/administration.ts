import type { ServerManifest, ToolManifest } from '../../shared/manifest.ts'
import type { Caller } from '../model/caller.ts'
import type { Catalogue } from '../model/catalogue.ts'
import type { JoinedOrigin } from '../model/joined-server.ts'
import type { ListedLogin } from '../model/login.ts'
import type { Owner } from '../model/run.ts'
import type { ServerStatus } from '../model/server-status.ts'
import type { ToolReview } from '../model/tool-review.ts'

/** Looking after the servers. They are every tenant's, so only who is of the operator's own tenant does. */
export interface Administration {
  /** The operator's. */
  tenant: string
  catalogue: Pick<Catalogue, 'servers'>
  /** Of a server of the catalogue. */
  sheet(server: ServerManifest): Promise<ServerSheet>
  /** How a server of the catalogue tells its tools now. Throws a `ProblemError`: `unavailable` where it does not run. */
  changes(server: string): Promise<ToolReview>
  /**
   * Has changed tools count as their server tells them, if that is still what was seen: tool → fingerprint. Returns those that
   * count now. Throws a `ProblemError`, and accepts none: `invalid_input` for what is no tool, `denied` for what may do more
   * than the caller's own runs, `conflict` for what is another one by now.
   */
  accept(by: Owner & Pick<Caller, 'ceiling'>, server: string, seen: Readonly<Record<string, string>>): Promise<string[]>
  /** Takes a stranger's server out. Throws a `ProblemError`: `conflict` where it is none. */
  drop(by: Owner, server: string): Promise<void>
  /** Logins of the tenant's principals at servers elsewhere. */
  logins(tenant: string): Promise<ListedLogin[]>
}

/** What is known of a server, and how it is. Nothing in it is a secret. */
export interface ServerSheet {
  /** A tool that a person accepted in the place of what the manifest says has `accepted`. */
  tools: (ToolManifest & { accepted?: { by: string; at: string; over: string } })[]
  origin: { from: 'project' } | JoinedOrigin
  /** Where it runs; none where Remit starts it on this machine. */
  urls: string[]
  emulates?: string
  sandboxed: boolean
  /** What cannot be promised of it, in words. */
  gaps: string[]
  /** Absent where it was not needed so far, or nothing is called in this process. */
  status?: ServerStatus
  /** Who is logged in there; absent where nobody logs in. */
  logins?: ListedLogin[]
}
