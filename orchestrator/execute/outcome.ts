import {
  type CallToolResult,
  ProtocolError,
  ProtocolErrorCode,
  SdkError,
  SdkErrorCode,
} from '@modelcontextprotocol/client'
import { metaKeys, outcomeMetaSchema } from '../../shared/capability/call-meta.ts'
import type { Failure, FailureKind } from '../../shared/failure.ts'
import type { Json } from '../../shared/json.ts'
import { compileSchema } from '../../shared/json-schema.ts'
import type { CallOutcome } from '../model/call.ts'
import type { Tool } from '../model/catalogue.ts'
import type { Evidence } from './circuit.ts'
import type { Limits } from './limits.ts'
import { unusableAnswer } from './protocol-screen.ts'
import { RemoteError } from './remote/remote-error.ts'
import { type Scrub, scrubJson } from './scrub.ts'
import { unsound } from './sound-json.ts'

const longestMessage = 2_000
const mostIssues = 20
/** Kinds that only the runtime may use: a server's own refusal is a `declined`. */
const runtimesOwn: readonly FailureKind[] = ['denied', 'approval_required', 'budget_exhausted']

/** Nothing was sent, so nothing was done. */
export function notPerformed(
  kind: 'unavailable' | 'unauthorized' | 'rate_limited' | 'denied' | 'internal',
  message: string,
  retryAfterMs?: number,
): CallOutcome {
  const failure = { kind, message, ...(retryAfterMs !== undefined && { retry_after_ms: Math.ceil(retryAfterMs) }) }
  return { status: 'failed', failure }
}

/** The request went out and no usable answer came back: a read can be repeated, an effect may have happened. */
export function lost(tool: Pick<Tool, 'effect'>, kind: 'unavailable' | 'internal', message: string): CallOutcome {
  return { status: tool.effect === 'read' ? 'failed' : 'uncertain', failure: { kind, message } }
}

/** What a server's answer means. The output is checked against the reviewed schema, not against what the server says of itself. */
export function outcomeOf(
  tool: Tool,
  result: CallToolResult,
  scrub: Scrub,
  limits: Pick<Limits, 'resultBytes' | 'resultDepth'>,
): CallOutcome {
  const unusable = unsound(result, limits.resultDepth)
  if (unusable !== undefined) return lost(tool, 'internal', `the answer of ${tool.id} ${unusable}`)
  const told = result.isError ? [result.content, result._meta] : outputOf(tool, result)
  if (told === undefined) return lost(tool, 'internal', `${tool.id} answered without the structured output it declares`)
  const bytes = Buffer.byteLength(JSON.stringify(told))
  if (bytes > limits.resultBytes)
    return lost(
      tool,
      'internal',
      `${tool.id} answered ${bytes} bytes, more than the ${limits.resultBytes} that are taken`,
    )
  if (result.isError) return reportedBy(tool, result, scrub)
  const output = told as Json
  const issues = tool.output ? compileSchema(tool.output)(output) : []
  if (issues.length === 0) return { status: 'succeeded', output }
  return lost(tool, 'internal', `the output of ${tool.id} breaks its schema: ${listed(issues)}`)
}

/** True where the connection ended with the request under way. */
export function isEnd(error: unknown): boolean {
  return error instanceof SdkError && error.code === SdkErrorCode.ConnectionClosed
}

/** What an error of the SDK means for the call. */
export function outcomeOfError(tool: Tool, error: unknown, scrub: Scrub): CallOutcome {
  if (error instanceof ProtocolError) return protocolFailure(tool, error, scrub)
  if (error instanceof RemoteError) return remoteFailure(tool, error)
  if (error instanceof SdkError) {
    switch (error.code) {
      case SdkErrorCode.NotConnected:
        return notPerformed('unavailable', `${tool.server} was not running, so nothing was sent`)
      case SdkErrorCode.SendFailed:
        return lost(tool, 'unavailable', `${tool.server} did not take the whole request`)
      case SdkErrorCode.UnsupportedResultType:
        return lost(
          tool,
          'internal',
          `${tool.id} asked for more than its arguments; nobody answers that in the middle of a call`,
        )
      default:
        return lost(tool, 'internal', `${tool.server} answered in a way that breaks the protocol (${error.code})`)
    }
  }
  return lost(tool, 'internal', `${tool.server} answered in a way that could not be read`)
}

/** What an error of the SDK shows of the server; `none` only where nothing was sent. */
export function evidenceOfError(error: unknown): Evidence {
  if (error instanceof RemoteError) return error.evidence
  if (error instanceof ProtocolError) return error.code === unusableAnswer ? 'failed' : 'answered'
  return error instanceof SdkError && error.code === SdkErrorCode.NotConnected ? 'none' : 'failed'
}

/** True where the server was not reached, or sent the request away before it did anything. */
export function isUnsent(error: unknown): boolean {
  if (error instanceof RemoteError) return error.kind === 'unavailable' && !error.mayHaveHappened
  return error instanceof SdkError && error.code === SdkErrorCode.NotConnected
}

function remoteFailure(tool: Tool, { message, mayHaveHappened, kind, retryAfterMs }: RemoteError): CallOutcome {
  if (!mayHaveHappened) return notPerformed(kind, `${message}; ${tool.id} did nothing`, retryAfterMs)
  return lost(tool, kind === 'internal' ? kind : 'unavailable', `${tool.id} was not answered: ${message}`)
}

/** A JSON-RPC error: the codes for a bad request mean that the tool never ran. */
function protocolFailure(tool: Tool, error: ProtocolError, scrub: Scrub): CallOutcome {
  const said = bounded(scrub(error.message))
  switch (error.code) {
    case ProtocolErrorCode.InvalidParams:
      return {
        status: 'failed',
        failure: { kind: 'invalid_input', message: `${tool.id} refused its arguments: ${said}` },
      }
    case unusableAnswer:
      return lost(tool, 'internal', `the answer of ${tool.id} cannot be used: ${said}`)
    case ProtocolErrorCode.InvalidRequest:
    case ProtocolErrorCode.MethodNotFound:
      return notPerformed('internal', `${tool.server} refused the request: ${said}`)
    default:
      return lost(tool, 'internal', `${tool.server} answered with the error ${error.code}: ${said}`)
  }
}

/** An `isError` result: our kit says in `_meta` what it means; the text of any other server is a vendor's no, unless its overlay says more. */
function reportedBy(tool: Tool, result: CallToolResult, scrub: Scrub): CallOutcome {
  const reported = outcomeMetaSchema.safeParse(result._meta?.[metaKeys.outcome])
  if (reported.success) {
    const { status, failure } = reported.data
    return { status, failure: cleaned(failure, scrub) }
  }
  const text = result.content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('\n')
  const message = text === '' ? `${tool.id} failed and did not say why` : bounded(scrub(text))
  const kind = tool.failures?.find(({ contains }) => text.includes(contains))?.kind ?? 'declined'
  return { status: 'failed', failure: { kind, message } }
}

function cleaned(failure: Failure, scrub: Scrub): Failure {
  const { issues, done, vendor_code, ...rest } = failure
  return {
    ...rest,
    kind: runtimesOwn.includes(failure.kind) ? 'declined' : failure.kind,
    message: bounded(scrub(failure.message)),
    ...(issues && {
      issues: issues
        .slice(0, mostIssues)
        .map(({ path, message }) => ({ path: scrub(path), message: bounded(scrub(message)) })),
    }),
    ...(done !== undefined && { done: scrubJson(done, scrub) }),
    ...(vendor_code !== undefined && { vendor_code: bounded(scrub(vendor_code)) }),
  }
}

function outputOf(tool: Tool, result: CallToolResult): Json | undefined {
  const structured = result.structuredContent as Json | undefined
  if (tool.output || structured !== undefined) return structured
  return { content: result.content as Json }
}

function listed(issues: { path: string; message: string }[]): string {
  return bounded(issues.map(({ path, message }) => `${path || '/'} ${message}`).join('; '))
}

function bounded(text: string): string {
  return text.length > longestMessage ? `${text.slice(0, longestMessage)}…` : text
}
