import type { z } from 'zod'
import type { Json } from '../json.ts'
import type { Effect, Idempotency, RequestRule } from '../manifest.ts'

/** What a tool gets besides its arguments. */
export interface CallContext<Client> {
  /** What `connect` of the server returned: a vendor's client, a database. */
  client: Client
  /** The same for every attempt that must have one effect; hand it to the vendor where the vendor takes one. */
  idempotencyKey: string
  /** Remit's ids of this run and call, or `standalone` where a host calls the server directly. */
  call: { runId: string; callId: string }
  /** After this instant nobody waits for the answer any more. */
  deadline: Date
  /** Aborts on cancellation and at the deadline. */
  signal: AbortSignal
  /** The server's private folder (0700); it survives restarts. */
  dataFolder: string
  /** Tells the caller how far a long call is; `total` in the same unit as `done`. */
  progress(done: number, total: number, message: string): void
}

/** A call that the runtime makes by itself; `{"$ref": "/output/…"}` and `{"$ref": "/arguments/…"}` point into the call it belongs to. */
export interface BoundCall {
  tool: string
  arguments: Record<string, Json>
}

/** The one definition of a tool. All else (MCP tool, manifest, docs, policy facts, planner's operator) is derived from it. */
export interface ToolDefinition<Input extends z.ZodObject, Output extends z.ZodObject, Client> {
  /** `<verb>_<noun>`, at most 64 characters. */
  name: string
  title: string
  description: string
  input: Input
  output: Output
  effect: Effect
  /** Required of everything that has an effect; a read is `natural`. */
  idempotency?: Idempotency
  scopes?: string[]
  /** The requests that a call needs at `http` endpoints; in a jail all others are refused. */
  egress?: RequestRule[]
  /** CEL over `arguments` and `output`; false is the failure `unsatisfied`, not a success. */
  expect?: string
  /** What a success makes true, in the server's own namespace: `billing.subscription`. */
  establishes?: string[]
  compensation?: BoundCall
  lookup?: BoundCall
  /**
   * Arguments of a call that succeeds, each time anew, where the vendor has nothing but what it starts with.
   * `{"$ref": "/<tool>/output/…"}` points into what the example of another tool came to. The contract tests call it.
   */
  example?: Record<string, Json>
  /** Milliseconds that one call may take; 30 s unless said. */
  timeoutMs?: number
  /** Throws `CapabilityError` when it knows that the call failed, `UncertainError` when it cannot know. */
  run(args: z.output<Input>, context: CallContext<Client>): Promise<z.input<Output>>
}

/** A tool whose schemas no longer matter to its holder. */
export type AnyTool<Client> = ToolDefinition<z.ZodObject, z.ZodObject, Client>

/** Types a tool definition; checks nothing at run time (the contract tests do). */
export function defineTool<Input extends z.ZodObject, Output extends z.ZodObject, Client>(
  definition: ToolDefinition<Input, Output, Client>,
): AnyTool<Client> {
  return definition as unknown as AnyTool<Client>
}
