import type { Situation } from '../../model/situation.ts'
import { count } from '../text/count.ts'
import { between, duration } from '../text/duration.ts'
import { bad, doubtful, faint, good, heading, type Line, paragraph, spread } from '../text/line.ts'
import type { SummaryOptions } from './summary-options.ts'

/** How the run stands, what it cost, and why it did not succeed. */
export function headlineOf(situation: Situation, { columns, situations }: SummaryOptions): Line[] {
  const { finished, status } = situation
  const verdicts: Partial<Record<typeof status, Line>> = {
    succeeded: [good('✓'), ' ', heading('Succeeded')],
    failed: [bad('✗'), ' ', heading('Failed')],
    cancelled: [bad('✗'), ' ', heading('Cancelled')],
    waiting: [doubtful('?'), ' ', heading(waitsFor(situation))],
  }
  const verdict = verdicts[status] ?? [doubtful('?'), ' ', heading(`Not finished (${status})`)]
  return [
    spread(verdict, [faint(costOf(situation, situations))], columns),
    ...(finished?.error ? paragraph(['  '], finished.error.message, columns) : []),
  ]
}

function waitsFor({ waits }: Situation): string {
  return [...waits.values()].every((wait) => wait.for === 'timer') ? 'Waiting for an instant' : 'Waiting for a person'
}

/** Calls, what the model cost, and the time without the time in which people were asked. */
function costOf(situation: Situation, situations: ReadonlyMap<string, Situation>): string {
  const { finished, created_at, waited_ms } = situation
  const { calls, model_calls, tokens, cost_usd } = spentBy(situation, situations)
  const asking = waited_ms > 0 ? `, and ${duration(waited_ms)} asking people` : ''
  return [
    count(calls, 'call'),
    ...(model_calls > 0 ? [`${count(model_calls, 'model call')} of ${count(tokens, 'token')}`] : []),
    ...(cost_usd > 0 ? [`$${cost_usd.toFixed(2)}`] : []),
    ...(finished ? [`${duration(between(created_at, finished.at) - waited_ms)}${asking}`] : []),
  ].join(', ')
}

/** What a run has spent, with what its sub-goals have spent that have not ended. */
function spentBy({ usage, calls, unsettled }: Situation, situations: ReadonlyMap<string, Situation>) {
  const spent = {
    calls: usage.tool_calls + usage.compensation_calls,
    model_calls: usage.model_calls,
    tokens: usage.input_tokens + usage.output_tokens,
    cost_usd: usage.cost_usd,
  }
  for (const id of unsettled) {
    const child = calls.get(id)?.purpose === 'task' ? situations.get(id) : undefined
    if (!child) continue
    const own = spentBy(child, situations)
    for (const figure of Object.keys(spent) as (keyof typeof spent)[]) spent[figure] += own[figure]
  }
  return spent
}
