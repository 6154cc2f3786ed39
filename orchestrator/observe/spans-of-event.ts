import { createHash } from 'node:crypto'
import type { Event } from '../model/event.ts'
import type { CallState, Situation } from '../model/situation.ts'

/** One span of a run's trace, as data. Holds names, ids, kinds and counts; never an argument, an output or anybody's words. */
export interface RunSpan {
  name: string
  kind: 'internal' | 'client'
  trace_id: string
  span_id: string
  /** Absent of the run's own span. */
  parent_id?: string
  /** Milliseconds since 1970. */
  start: number
  end: number
  attributes: Record<string, string | number | boolean>
  /** The kind of failure, where there was one. */
  error?: string
  /** The call of another run that this run is made for. */
  link?: { trace_id: string; span_id: string }
}

/** The trace of a run has the run's own id, so that whoever pursues it, and however often it moves, adds to the same one. */
export function traceIdOf(runId: string): string {
  return runId.replaceAll('-', '')
}

/** The id of a span, from what is unique in its run. */
export function spanIdOf(...parts: (string | number)[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16)
}

/** What a recorded event ends: a decision, a verdict, a call, a run. Most events end nothing. */
export function spansOfEvent(event: Event, situation: Situation): RunSpan[] {
  const at = Date.parse(event.at)
  const inRun = { kind: 'internal' as const, trace_id: traceIdOf(event.run_id), parent_id: spanIdOf(event.run_id) }
  const own = { ...inRun, span_id: spanIdOf(event.run_id, event.seq) }
  switch (event.type) {
    case 'decision_made': {
      const { decision, reasoner, tainted, usage, duration_ms } = event.data
      const attributes = {
        'remit.decision': decision.kind,
        'remit.reasoner': reasoner,
        'remit.tainted': tainted,
        ...(usage.model_calls > 0 && {
          'gen_ai.operation.name': 'chat',
          'gen_ai.usage.input_tokens': usage.input_tokens,
          'gen_ai.usage.output_tokens': usage.output_tokens,
        }),
      }
      return [{ ...own, name: `decide ${decision.kind}`, start: at - duration_ms, end: at, attributes }]
    }
    case 'call_intended':
      return [verdictSpan(own, at, `${event.data.server}.${event.data.tool}`, event.data.verdict)]
    case 'task_refused': {
      const { tool, verdict, failure } = event.data
      return [{ ...verdictSpan(own, at, tool, verdict), error: failure.kind }]
    }
    case 'wait_started': {
      const { approval } = event.data
      return approval ? [verdictSpan(own, at, approval.tool, approval.verdict)] : []
    }
    case 'call_settled': {
      const call = situation.calls.get(event.data.call_id)
      return call ? [callSpan(inRun, call, event.data)] : []
    }
    case 'run_finished':
      return [runSpan(event, situation, at)]
    default:
      return []
  }
}

type Place = Pick<RunSpan, 'kind' | 'trace_id' | 'span_id' | 'parent_id'>

function verdictSpan(
  place: Place,
  at: number,
  tool: string,
  { verdict, rule }: { verdict: string; rule: string },
): RunSpan {
  const attributes = { 'gen_ai.tool.name': tool, 'remit.verdict': verdict, 'remit.rule': rule }
  return { ...place, name: `verdict ${verdict}`, start: at, end: at, attributes }
}

/** The client's side of a call; the server's side is its child, by the `traceparent` that the call carried. */
function callSpan(
  place: Omit<Place, 'span_id'>,
  call: CallState,
  settled: Extract<Event, { type: 'call_settled' }>['data'],
): RunSpan {
  const { outcome, era } = settled
  const tool = `${call.server}.${call.tool}`
  const [, , span_id = spanIdOf(call.call_id)] = call.traceparent.split('-')
  return {
    ...place,
    kind: 'client',
    name: `tools/call ${tool}`,
    span_id,
    start: Date.parse(settled.started_at),
    end: Date.parse(settled.settled_at),
    attributes: {
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': tool,
      'gen_ai.tool.call.id': call.call_id,
      'mcp.method.name': 'tools/call',
      ...(era !== undefined && { 'mcp.protocol.version': era }),
      'remit.purpose': call.purpose,
      'remit.attempt': call.attempt,
      'remit.outcome': outcome.status,
    },
    ...(outcome.status !== 'succeeded' && { error: outcome.failure.kind }),
  }
}

function runSpan(event: Extract<Event, { type: 'run_finished' }>, situation: Situation, at: number): RunSpan {
  const { goal, mode, reasoner, parent } = situation.created
  const { status, error } = event.data
  return {
    name: `run ${goal.goal}`,
    kind: 'internal',
    trace_id: traceIdOf(event.run_id),
    span_id: spanIdOf(event.run_id),
    start: Date.parse(situation.created_at),
    end: at,
    attributes: {
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.agent.name': 'remit',
      'gen_ai.conversation.id': event.run_id,
      'remit.goal': goal.goal,
      'remit.mode': mode,
      'remit.reasoner': reasoner,
      'remit.status': status,
    },
    ...(error && { error: error.code }),
    ...(parent && { link: { trace_id: traceIdOf(parent.run_id), span_id: spanIdOf(parent.call_id) } }),
  }
}
