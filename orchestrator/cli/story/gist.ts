import type { Event, EventData } from '../../model/event.ts'
import { deniedLines } from './denied-lines.ts'
import { labelOf } from './plan.ts'

/** Each event of a run in a few words. */
export function gistsOf(events: readonly Event[]): string[] {
  const tools = new Map<string, string>()
  for (const { type, data } of events) if (type === 'call_intended') tools.set(data.call_id, nameOf(data))
  return events.map((event) => gistOf(event, tools))
}

/** Of many items of a list, the task tells which. */
function nameOf({ server, tool, task_id, purpose }: EventData['call_intended']): string {
  const id = `${server}.${tool}`
  return purpose === 'task' ? labelOf({ id: task_id, tool: id }) : id
}

function egressGist(egress: EventData['call_settled']['egress']): string {
  const refused = deniedLines(egress)
  return refused.length === 0 ? '' : `; ${refused.join('; ')}`
}

function gistOf(event: Event, tools: ReadonlyMap<string, string>): string {
  switch (event.type) {
    case 'run_created':
      return `${event.data.goal.goal}, ${event.data.mode}, ${event.data.reasoner}`
    case 'work_inherited':
      return `${event.data.tasks.length} tasks of run ${event.data.from.run_id} up to ${event.data.from.seq}`
    case 'model_asked':
      return `${event.data.model}, attempt ${event.data.attempt}, prompt ${event.data.prompt_digest.slice(0, 19)}`
    case 'model_answered': {
      const { outcome, usage } = event.data
      const what = outcome.status === 'failed' ? outcome.failure.message : outcome.stop_reason
      return `${outcome.status}: ${what}; ${usage.input_tokens} tokens in, ${usage.output_tokens} out`
    }
    case 'decision_made':
      return `${event.data.decision.kind} by ${event.data.reasoner}: ${event.data.decision.why}`
    case 'decision_refused':
      return event.data.problems.map(({ path, message }) => `${path} ${message}`).join('; ')
    case 'plan_accepted':
      return `revision ${event.data.revision}: ${event.data.tasks.map(({ id }) => id).join(', ')}`
    case 'task_fanned_out':
      return `${event.data.task_id} for ${event.data.items} items`
    case 'call_intended':
      return `${nameOf(event.data)}, ${event.data.purpose}, attempt ${event.data.attempt}`
    case 'call_settled': {
      const { call_id, outcome, next, egress } = event.data
      const failure = outcome.status === 'succeeded' ? '' : `: ${outcome.failure.kind}, ${outcome.failure.message}`
      return `${tools.get(call_id) ?? call_id} ${outcome.status}${failure}${next.do === 'nothing' ? '' : `; next: ${next.do}`}${egressGist(egress)}`
    }
    case 'task_refused':
      return `${event.data.tool}: ${event.data.failure.message}`
    case 'wait_started':
      return event.data.question
    case 'wait_ended':
      return `${event.data.choice} by ${event.data.by}`
    case 'cancel_requested':
      return `by ${event.data.by}`
    case 'compensation_started':
      return `${event.data.calls.length} to undo: ${event.data.reason}`
    case 'compensation_finished':
      return event.data.status
    case 'run_finished':
      return `${event.data.status}${event.data.error ? `: ${event.data.error.message}` : ''}`
    case 'system_noted':
      return event.data.what
  }
}
