import type { CallToolResult } from '@modelcontextprotocol/client'
import { metaKeys } from '../../shared/capability/call-meta.ts'
import type { Json, JsonObject } from '../../shared/json.ts'
import { formatPointer, mapAt } from '../../shared/json-pointer.ts'
import type { CallOutcome, CallRequest, Progress } from '../model/call.ts'
import type { Tool } from '../model/catalogue.ts'
import type { EgressRecord } from '../model/egress.ts'
import type { Sealer } from '../model/seal.ts'
import type { Evidence } from './circuit.ts'
import type { Connection } from './connection.ts'
import type { Limits } from './limits.ts'
import { openSealed } from './open-sealed.ts'
import { evidenceOfError, isEnd, isUnsent, lost, notPerformed, outcomeOf, outcomeOfError } from './outcome.ts'
import type { Impatience, Patience } from './patience.ts'
import { type Scrub, scrubber, scrubJson } from './scrub.ts'
import { throttleProgress } from './throttle-progress.ts'

/** What came of a call, and what that shows of its server. */
export interface Performed {
  outcome: CallOutcome
  era?: string
  evidence: Evidence
  /** True where nothing was done, for a reason that another instance of the server need not have. */
  elsewhere?: boolean
  /** What it caused on the network, and was refused there; absent where nothing was sent. */
  egress?: EgressRecord[]
}

export interface CallOnConnection {
  request: CallRequest
  tool: Tool
  connection: Connection
  sealer: Sealer
  patience: Patience
  limits: Pick<Limits, 'resultBytes' | 'resultDepth'>
  onProgress: ((progress: Progress) => void) | undefined
}

/** An output is worked on: a user name, or a password that is a word, must not tear holes into it. */
const shortestInOutputs = 12
/** Of a progress message. */
const mostCharacters = 500

/**
 * Makes one call over a connection. Up to the moment of sending, whatever goes wrong has provably done nothing; from then on
 * it may have. Rejects only before that moment.
 */
export async function performCall(call: CallOnConnection): Promise<Performed> {
  const { request, tool, connection, sealer, patience } = call
  const { era } = connection
  const drift = (await connection.tools.quarantine(patience.signal)).get(tool.name)
  if (drift !== undefined) return { outcome: quarantined(tool, drift), era, evidence: 'none', elsewhere: true }
  const why = patience.ranOut()
  if (why !== undefined) return { outcome: notSent(tool, why), era, evidence: 'none' }
  if (!connection.isOpen()) throw new Error(`${tool.server} ended before ${tool.id} was sent`)
  const opened = openSealed(request.arguments, sealer)
  const scrub = scrubber([...connection.secrets, ...opened.secrets])

  // Nothing was awaited since the tools were looked at: what was seen there still holds.
  connection.broker?.callStarted(request.call_id, tool)
  const caused: EgressRecord[] = []
  try {
    const answered = await answerTo(call, opened.value, scrub)
    if (isUnauthorized(answered.outcome)) connection.broker?.credentialsRefused()
    return { ...answered, era, egress: caused }
  } finally {
    const records = connection.broker?.callEnded(request.call_id) ?? []
    caused.push(...records.map((record) => withoutSecrets(record, scrub)))
  }
}

/** Sends the call and waits for what comes of it; from the moment of sending it does not reject. */
async function answerTo(
  { request, tool, connection, sealer, patience, limits, onProgress }: CallOnConnection,
  args: JsonObject,
  scrub: Scrub,
): Promise<Pick<Performed, 'outcome' | 'evidence' | 'elsewhere'>> {
  const progress = onProgress && throttleProgress((report) => onProgress(presentable(report, scrub)))
  const sending = connection.send(tool.wire_name ?? tool.name, args, {
    meta: metaOf(request),
    signal: patience.signal,
    ...(tool.method && { method: tool.method }),
    ...(progress && { onProgress: progress.report }),
  })
  try {
    const result = await sending
    const known = [...connection.secrets, ...(connection.broker?.secrets() ?? [])]
    const credentials = scrubber(known, shortestInOutputs)
    return { outcome: answerOf(tool, result, sealer, scrub, credentials, limits), evidence: 'answered' }
  } catch (error) {
    const evidence = evidenceOfError(error)
    const gaveUp = evidence === 'none' ? undefined : patience.ranOut()
    if (gaveUp !== undefined)
      return { outcome: abandoned(tool, gaveUp), evidence: gaveUp === 'too_late' ? 'failed' : 'none' }
    const outcome = isEnd(error)
      ? lost(tool, 'unavailable', `${tool.id} was not answered: ${tool.server} ${await connection.ended}`)
      : outcomeOfError(tool, error, scrub)
    return { outcome, evidence, elsewhere: isUnsent(error) }
  } finally {
    progress?.end()
  }
}

function isUnauthorized(outcome: CallOutcome): boolean {
  return outcome.status === 'failed' && outcome.failure.kind === 'unauthorized'
}

/** A path holds what the server put there, which may be a sealed argument. */
function withoutSecrets(record: EgressRecord, scrub: Scrub): EgressRecord {
  return { ...record, ...(record.path !== undefined && { path: scrub(record.path) }) }
}

/** What becomes of a call that was given up before anything was sent. */
export function notSent(tool: Pick<Tool, 'id'>, why: Impatience): CallOutcome {
  return notPerformed(
    'unavailable',
    {
      cancelled: `${tool.id} was cancelled before anything was sent`,
      too_late: `the deadline of ${tool.id} passed before anything was sent`,
      closing: `${tool.id} was not called: the gateway is closing`,
    }[why],
  )
}

function abandoned(tool: Tool, why: Impatience): CallOutcome {
  return lost(
    tool,
    'unavailable',
    {
      cancelled: `${tool.id} was cancelled before it answered`,
      too_late: `${tool.id} did not answer before its deadline`,
      closing: `${tool.id} had not answered when the gateway closed`,
    }[why],
  )
}

function quarantined(tool: Tool, drift: string): CallOutcome {
  return notPerformed(
    'denied',
    `${tool.id} is refused: ${drift}. Look at the difference and accept it with: remit servers accept ${tool.server}`,
  )
}

/**
 * The tool has run: that its answer cannot be worked on does not undo what it did. Of the server's own credentials nothing
 * is taken from it, wherever they stand.
 */
function answerOf(
  tool: Tool,
  result: CallToolResult,
  sealer: Sealer,
  scrub: Scrub,
  credentials: Scrub,
  limits: CallOnConnection['limits'],
): CallOutcome {
  try {
    const outcome = outcomeOf(tool, result, scrub, limits)
    if (outcome.status !== 'succeeded') return outcome
    return sealOutput(tool, { ...outcome, output: scrubJson(outcome.output, credentials) }, sealer)
  } catch {
    return lost(tool, 'internal', `${tool.id} answered in a way that could not be worked on`)
  }
}

function sealOutput(tool: Tool, outcome: CallOutcome, sealer: Sealer): CallOutcome {
  if (outcome.status !== 'succeeded' || tool.marks.output.sensitive.length === 0) return outcome
  const seal = (value: Json, pointer: string): Json => ({
    ...sealer.seal(value, `${tool.id}${formatPointer(['output'])}${pointer}`),
  })
  return { status: 'succeeded', output: mapAt(outcome.output, tool.marks.output.sensitive, seal) }
}

function metaOf({ run_id, call_id, idempotency_key, deadline, traceparent }: CallRequest): JsonObject {
  return { [metaKeys.call]: { run_id, call_id, idempotency_key, deadline }, traceparent }
}

function presentable({ message, ...progress }: Progress, scrub: Scrub): Progress {
  return { ...progress, ...(message !== undefined && { message: scrub(message).slice(0, mostCharacters) }) }
}
