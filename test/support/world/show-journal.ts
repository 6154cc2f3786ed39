import type { Event } from '../../../orchestrator/model/event.ts'
import type { World } from './world.ts'

/** The journal of a run as text, one line an event: what a test prints where a run went wrong. */
export function showJournal(events: readonly Event[]): string {
  return events.map((event) => `${String(event.seq).padStart(3)} ${event.at.slice(11, 23)} ${lineOf(event)}`).join('\n')
}

/** What is in the systems, as text. */
export function showTraces(world: World): string {
  return world
    .traces()
    .map(({ system, id, call_id, good }) => `  ${system}: ${id} by ${shortOf(call_id)}${good ? '' : ' (not good)'}`)
    .join('\n')
}

/** Enough of an id to tell it from the others. */
function shortOf<Id extends string | undefined>(id: Id): Id | string {
  return id === undefined ? id : `…${id.slice(-6)}`
}

function lineOf(event: Event): string {
  switch (event.type) {
    case 'call_intended': {
      const { call_id, purpose, server, tool, idempotency_key, attempt, compensates, looks_up } = event.data
      const of = shortOf(compensates ?? looks_up)
      return `${shortOf(call_id)} intended: ${purpose} ${server}.${tool} attempt ${attempt}${of ? ` of ${of}` : ''} key …${idempotency_key.slice(-6)}`
    }
    case 'call_settled': {
      const { call_id, outcome, next } = event.data
      const what = outcome.status === 'succeeded' ? JSON.stringify(outcome.output) : JSON.stringify(outcome.failure)
      return `${shortOf(call_id)} ${outcome.status}: ${what} → ${JSON.stringify(next)}`
    }
    case 'decision_made':
      return `decided: ${JSON.stringify(event.data.decision).slice(0, 300)}`
    case 'run_created':
      return `created: ${JSON.stringify(event.data.goal.outcomes)}`
    case 'plan_accepted':
      return `plan: ${event.data.tasks.map(({ id, after }) => `${id}${after.length > 0 ? ` after ${after.join(', ')}` : ''}`).join('; ')}`
    default:
      return `${event.type}: ${JSON.stringify(event.data).slice(0, 300)}`
  }
}
