import type { Failure } from '../../../shared/failure.ts'
import type { CallOutcome } from '../../model/call.ts'
import type { Event, EventData } from '../../model/event.ts'
import { between, duration } from '../text/duration.ts'
import { bad, doubtful, good, type Span } from '../text/line.ts'
import { deniedLines } from './denied-lines.ts'

type Intent = EventData['call_intended']
type Settled = Extract<Event, { type: 'call_settled' }>

/** `✓` happened, `✗` did not, `?` nobody knows yet. */
export function markOf(outcome: CallOutcome | undefined): Span {
  if (outcome?.status === 'succeeded') return good('✓')
  if (outcome?.status === 'failed') return bad('✗')
  return doubtful('?')
}

/** What went wrong, what comes next and what was refused on the network, as sentences for people; nothing for a plain success. */
export function aftermath(call: Intent, settled: Pick<Settled, 'data' | 'at'>): string[] {
  return [...troubleOf(call, settled), ...deniedLines(settled.data.egress)]
}

function troubleOf(call: Intent, { data, at }: Pick<Settled, 'data' | 'at'>): string[] {
  const { outcome, next } = data
  if (outcome.status === 'succeeded') {
    return call.purpose === 'lookup' ? ['The call that was uncertain had happened.'] : []
  }
  if (call.purpose === 'lookup' && outcome.failure.kind === 'not_found' && next.do === 'retry')
    return ['It had not happened.', `Next attempt ${inTime(next.at, at)}, with a new key.`]
  const { failure } = outcome
  const code = failure.vendor_code === undefined ? '' : ` (${failure.vendor_code})`
  return [
    `${outcome.status === 'uncertain' ? 'uncertain' : failure.kind}${code}: ${failure.message}`,
    ...(failure.issues ?? []).map(({ path, message }) => `${path} ${message}`),
    ...whatNext(call, next, at, failure),
  ]
}

function whatNext(
  call: Intent,
  next: EventData['call_settled']['next'],
  at: string,
  { retry_after_ms }: Failure,
): string[] {
  switch (next.do) {
    case 'retry': {
      const key = next.generation > call.generation ? 'a new key' : 'the same key'
      const asked = retry_after_ms === undefined ? '' : `; a pause of ${duration(retry_after_ms)} was asked for`
      return [`Attempt ${call.attempt + 1} ${inTime(next.at, at)}, with ${key}${asked}.`]
    }
    case 'lookup':
      return [`Whether it happened is looked up ${inTime(next.at, at)}.`]
    case 'fail':
      return call.purpose === 'compensation' ? ['It stays as it is.'] : []
    case 'nothing':
      return []
  }
}

function inTime(until: string, at: string): string {
  const pause = between(at, until)
  return pause <= 0 ? 'at once' : `in ${duration(pause)}`
}
