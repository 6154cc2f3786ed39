import type { z } from 'zod'
import type { JailManifest, ServerManifest, serverManifestSchema } from '../manifest.ts'
import type { AnyTool } from './define-tool.ts'
import type { Place } from './endpoint-places.ts'

/** What `connect` gets: the parsed environment and the server's private folder. */
export interface ConnectContext<Environment> {
  environment: Environment
  /** The server's private folder (0700); it survives restarts. */
  dataFolder: string
  /** Where endpoints really are, by variable: those of a jailed server, whose URLs lead to a door of its jail. */
  places: ReadonlyMap<string, Place>
}

/** The one definition of a capability server. */
export interface ServerDefinition<Environment extends z.ZodObject, Client>
  extends Pick<ServerManifest, 'name' | 'title' | 'version' | 'description'> {
  /** For hosts' models: what the server is for and in which order its tools make sense. */
  instructions: string
  endpoints?: Record<string, { description: string; protocol: 'http' | 'smtp' | 'postgres'; live?: string }>
  /** By `env` unless said: see the manifest's schema for `egress`, with which the server never holds the value. */
  credentials?: NonNullable<z.input<typeof serverManifestSchema>['credentials']>
  settings?: Record<string, { description: string }>
  egress?: string[]
  /** Calls that one process of it works on at the same time, where its vendor takes fewer than hosts would send. */
  concurrency?: number
  /** Where it keeps nothing in its folder that another instance would miss: it may run in several instances. */
  instances?: 'many'
  /** What it needs beyond the defaults of a jail, which are: its own code and folder, and little of the machine. */
  jail?: Partial<JailManifest>
  /** The vendor that `emulator.ts` in the same folder stands in for. */
  emulates?: string
  /** Bad days that can be rehearsed, mode → what happens: on the emulator, or where there is none by `REMIT_FAULT`. */
  faults?: Record<string, string>
  /** The environment variables that the server reads: endpoints, credentials and settings, validated at start. */
  environment: Environment
  /** Opens clients; called once, before the first call. */
  connect(context: ConnectContext<z.output<Environment>>): Promise<Client> | Client
  /** Closes what `connect` opened. */
  disconnect?(client: Client): Promise<void> | void
  tools: AnyTool<NoInfer<Client>>[]
}

/** A server whose types no longer matter to its holder. */
export type AnyServer = ServerDefinition<z.ZodObject, unknown>

/** Types a server definition; checks nothing at run time (the contract tests do). */
export function defineServer<Environment extends z.ZodObject, Client>(
  definition: ServerDefinition<Environment, Client>,
): AnyServer {
  return definition as unknown as AnyServer
}
