import { randomUUID } from 'node:crypto'
import type { z } from 'zod'
import { CapabilityError, type Failure, type Issue, UncertainError } from '../failure.ts'
import type { JsonObject } from '../json.ts'
import { formatPointer } from '../json-pointer.ts'
import type { CallMeta, OutcomeMeta } from './call-meta.ts'
import type { AnyTool, CallContext } from './define-tool.ts'
import { argumentsSchemaOf, timeoutOf } from './manifest-of.ts'
import type { Session } from './session.ts'

/** How one call of a tool ended. */
export type ToolOutcome = { status: 'succeeded'; output: JsonObject } | OutcomeMeta

/** One call as it came in, whatever the transport. */
export interface ToolRequest {
  arguments: unknown
  /** Absent where a host calls the server directly. */
  envelope?: CallMeta | undefined
  /** Aborts when the caller cancels. */
  signal: AbortSignal
  progress: CallContext<unknown>['progress']
  /** Takes the error behind an `internal` failure or a lost connection, whose text the caller must not see. */
  onDefect(what: string, error: unknown): void
}

/** Runs a tool under its deadline and turns everything that can happen into an outcome. Never throws. */
export async function runTool(tool: AnyTool<unknown>, session: Session, request: ToolRequest): Promise<ToolOutcome> {
  try {
    return await attempt(tool, session, request)
  } catch (error) {
    // Only a schema whose own check throws comes here: `attempt` settles what the tool does.
    return unforeseen(tool, error, request)
  }
}

async function attempt(tool: AnyTool<unknown>, session: Session, request: ToolRequest): Promise<ToolOutcome> {
  const { envelope } = request
  const deadline = deadlineOf(tool, envelope)
  const remaining = deadline.getTime() - Date.now()
  if (remaining <= 0) return failed('unavailable', `${tool.name} was not run: its deadline had passed`)

  const parsed = await argumentsSchemaOf(tool).safeParseAsync(request.arguments ?? {})
  if (!parsed.success) return invalidInput(tool, issuesOf(parsed.error))

  using limit = startLimit(request.signal, remaining)
  const connection = await limit.race(settle(() => session.client()))
  if (connection === 'ended') {
    return failed('unavailable', `${tool.name} was not run: ${limit.reason()} while connecting`)
  }
  if ('error' in connection) return notConnected(tool, connection.error, request)

  let open = true
  const context: CallContext<unknown> = {
    client: connection.value,
    idempotencyKey: envelope?.idempotency_key ?? randomUUID(),
    call: { runId: envelope?.run_id ?? 'standalone', callId: envelope?.call_id ?? 'standalone' },
    deadline,
    signal: limit.signal,
    dataFolder: session.dataFolder,
    progress: (...told) => open && request.progress(...told),
  }
  const answer = await limit.race(settle(() => tool.run(parsed.data, context)))
  open = false
  if (answer === 'ended') return unknownEnd(tool, limit)
  if ('error' in answer) return outcomeOfError(tool, answer.error, limit, request)
  return checkOutput(tool, answer.value, request)
}

/** A caller may set a deadline before the time that the tool may take at most, and none after it. */
function deadlineOf(tool: AnyTool<unknown>, envelope: CallMeta | undefined): Date {
  const latest = Date.now() + timeoutOf(tool)
  return new Date(envelope ? Math.min(Date.parse(envelope.deadline), latest) : latest)
}

function outcomeOfError(tool: AnyTool<unknown>, error: unknown, limit: Limit, request: ToolRequest): ToolOutcome {
  if (error instanceof CapabilityError) {
    if (error.failure.kind === 'internal') request.onDefect(`${tool.name} failed`, error.cause ?? error)
    return { status: 'failed', failure: error.failure }
  }
  if (error instanceof UncertainError) return { status: 'uncertain', failure: error.failure }
  if (limit.signal.aborted) return unknownEnd(tool, limit)
  return unforeseen(tool, error, request)
}

function unforeseen(tool: AnyTool<unknown>, error: unknown, request: ToolRequest): ToolOutcome {
  request.onDefect(`${tool.name} threw`, error)
  return defect(tool, `${tool.name} failed for a reason it does not know; the server's log says more`)
}

async function checkOutput(tool: AnyTool<unknown>, answer: unknown, request: ToolRequest): Promise<ToolOutcome> {
  const parsed = await tool.output.safeParseAsync(answer)
  if (parsed.success) return { status: 'succeeded', output: parsed.data as JsonObject }
  request.onDefect(`${tool.name} returned what its output schema refuses`, parsed.error)
  const issues = issuesOf(parsed.error).map(({ path, message }) => `${path}: ${message}`)
  return defect(tool, `${tool.name} returned what its output schema refuses: ${issues.join('; ')}`)
}

function notConnected(tool: AnyTool<unknown>, error: unknown, request: ToolRequest): ToolOutcome {
  if (error instanceof CapabilityError) return { status: 'failed', failure: error.failure }
  request.onDefect('could not connect', error)
  return failed('unavailable', `${tool.name} was not run: the server could not connect; its log says more`)
}

function invalidInput({ name }: AnyTool<unknown>, issues: Issue[]): ToolOutcome {
  return {
    status: 'failed',
    failure: { kind: 'invalid_input', message: `The arguments of ${name} are not right.`, issues },
  }
}

function failed(kind: Failure['kind'], message: string): ToolOutcome {
  return { status: 'failed', failure: { kind, message } }
}

/** Cut short: a read can simply be made again; of anything else nobody knows whether it happened. */
function unknownEnd({ name, effect }: AnyTool<unknown>, limit: Limit): ToolOutcome {
  const message = `${name} was not finished: ${limit.reason()}`
  return { status: effect === 'read' ? 'failed' : 'uncertain', failure: { kind: 'unavailable', message } }
}

/** A bug shows after the vendor was perhaps already asked, so that only a read has surely done nothing. */
function defect({ effect }: AnyTool<unknown>, message: string): ToolOutcome {
  return { status: effect === 'read' ? 'failed' : 'uncertain', failure: { kind: 'internal', message } }
}

/** The faults of a value by JSON pointer; an unknown argument is reported at its own place. */
export function issuesOf(error: z.ZodError): Issue[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.map(String)
    if (issue.code !== 'unrecognized_keys') return [{ path: formatPointer(path), message: issue.message }]
    return issue.keys.map((key) => ({ path: formatPointer([...path, key]), message: 'is not a known argument' }))
  })
}

type Settled = { value: unknown } | { error: unknown }

async function settle(work: () => Promise<unknown>): Promise<Settled> {
  try {
    return { value: await work() }
  } catch (error) {
    return { error }
  }
}

interface Limit extends Disposable {
  signal: AbortSignal
  /** Why the signal aborted, for people. */
  reason(): string
  /** What the work came to, or `ended` where the limit came first. */
  race(work: Promise<Settled>): Promise<Settled | 'ended'>
}

const longestTimerMs = 2 ** 31 - 1

/** One signal for cancellation and deadline, which also ends the wait for work that ignores it. */
function startLimit(cancelled: AbortSignal, ms: number): Limit {
  // Followed by hand: a combined signal for each call costs more than the rest of this file.
  const limit = new AbortController()
  const end = Promise.withResolvers<'ended'>()
  const onEnd = (): void => {
    limit.abort(cancelled.aborted ? cancelled.reason : undefined)
    end.resolve('ended')
  }
  const timer = setTimeout(onEnd, Math.min(ms, longestTimerMs))
  if (cancelled.aborted) onEnd()
  else cancelled.addEventListener('abort', onEnd, { once: true })
  return {
    signal: limit.signal,
    reason: () => (cancelled.aborted ? 'the caller cancelled' : 'the deadline passed'),
    race: (work) => Promise.race([work, end.promise]),
    [Symbol.dispose]() {
      clearTimeout(timer)
      cancelled.removeEventListener('abort', onEnd)
    },
  }
}
