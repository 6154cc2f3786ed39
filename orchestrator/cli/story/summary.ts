import type { Situation, TaskState } from '../../model/situation.ts'
import { bad, faint, good, heading, type Line, name, paragraph } from '../text/line.ts'
import { askLines } from './ask-lines.ts'
import { asksOf } from './asks.ts'
import { type Door, doorLines } from './doors.ts'
import { existsLines } from './exists.ts'
import { headlineOf } from './headline.ts'
import { shortId } from './short-id.ts'
import type { SummaryOptions } from './summary-options.ts'
import { remainsLines } from './undo-lines.ts'

/** How the run stands, what exists now because of it, what it asks, and where to look further. */
export function summaryLines(situation: Situation, options: SummaryOptions): Line[] {
  const { columns, situations, place } = options
  return [
    ...headlineOf(situation, options),
    ...untold(situation).flatMap(({ tool, failure }) =>
      paragraph([bad('  Nobody could be told: ')], `${tool}: ${failure?.message ?? 'it failed'}`, columns),
    ),
    ...outcomeLines(situation),
    ...remainsLines(situation, columns),
    ...existsLines(situation, options),
    ...askLines(asksOf(situation, situations, place), options),
    ...furtherLines(situation, options),
  ]
}

/** Notices of trouble that could not be delivered: the person at the terminal is the only one who knows. */
function untold({ tasks, status }: Situation): TaskState[] {
  if (status !== 'waiting') return []
  return [...tasks.values()].filter((task) => task.notice && (task.status === 'failed' || task.status === 'refused'))
}

/** What became of every outcome of the goal: nothing to say where all hold, or all was undone. */
function outcomeLines({ created, finished, calls, waived, compensation }: Situation): Line[] {
  if (!finished || compensation) return []
  const evidence = new Map(finished.outcomes.map(({ fact, established_by }) => [fact, established_by]))
  const { outcomes } = created.goal
  if (outcomes.every(({ fact }) => evidence.has(fact))) return []
  const width = Math.max(...outcomes.map(({ fact }) => fact.length))
  return [
    [],
    [heading('Outcomes')],
    ...outcomes.map(({ fact }): Line => {
      const call = calls.get(evidence.get(fact) ?? '')
      const note = call ? `by ${call.server}.${call.tool}` : waived.has(fact) ? 'given up by a person' : 'does not hold'
      return ['  ', call ? good('✓') : bad('✗'), ' ', name(fact.padEnd(width)), faint(`  ${note}`)]
    }),
  ]
}

function furtherLines({ created: { parent } }: Situation, options: SummaryOptions): Line[] {
  const { address } = options.place
  const doors: Door[] = [
    ...(parent ? [[`show ${shortId(parent.run_id)}`, 'the run that it is a part of'] satisfies Door] : []),
    [`show ${address}`, 'this story again'],
    [`events ${address}`, 'the record of it, event by event'],
    [`verify ${address}`, 'proves that the record was not altered'],
  ]
  return [
    [],
    [heading('Look further')],
    ...doorLines(doors, options),
    [`  ${options.command} sql "select server, tool, status from calls"`],
  ]
}
