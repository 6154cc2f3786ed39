import type { Json } from '../../../shared/json.ts'
import type { ServerManifest } from '../../../shared/manifest.ts'
import type { JoinWish } from '../../model/join-spec.ts'
import type { CredentialReference, JoinedOrigin } from '../../model/joined-server.ts'

/** A stranger's server that is to join, and what a person says of it. */
export interface ServerWish extends JoinWish {
  /** What it is to be called; derived from where it comes from where left out. */
  name?: string
  /** Of a file that says it all: what else is in its manifest. */
  given?: Json
  /** Files and folders that its jail lets it read, and folders that it may write, besides those among its arguments. */
  read: string[]
  write: string[]
  /** `host:port`: what it may reach. */
  egress: string[]
  /** Facts, effects and undos of its tools, as the file says them. */
  overlay?: Json
}

/** What a server would be taken for. */
export interface JoinProposal {
  server: ServerManifest
  origin: JoinedOrigin
  /** Slot → reference. */
  credentials: Readonly<Record<string, CredentialReference>>
  /** Packages that came with it, each held by its integrity. */
  packages: number
  leftOut: { tool: string; why: string }[]
  /** The one of its name that it takes the place of. */
  replaces?: ServerManifest
}

/** A resource to read, or a prompt to get. */
export type ContentQuestion = { resource: string } | { prompt: string; arguments: Record<string, string> }
