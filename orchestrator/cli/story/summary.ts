import { isAbsolute, relative } from 'node:path'
import type { Json } from '../../../shared/json.ts'
import { isJsonObject } from '../../../shared/json.ts'
import { redactSealed } from '../../model/seal.ts'
import type { Situation, TaskState } from '../../model/situation.ts'
import { cell } from '../text/cell.ts'
import { count } from '../text/count.ts'
import { between, duration } from '../text/duration.ts'
import { bad, doubtful, faint, good, heading, type Line, name, paragraph, spread } from '../text/line.ts'
import { shortId } from './short-id.ts'

export interface SummaryOptions {
  columns: number
  command: string
  /** Files are shown relative to this folder. */
  folder: string
}

/** How the run stands, what exists now because of it, and where to look further. */
export function summaryLines(situation: Situation, { columns, command, folder }: SummaryOptions): Line[] {
  return [
    ...headlineOf(situation, columns),
    ...outcomeLines(situation),
    ...resultLines(situation, { columns, command, folder }),
    ...furtherLines(situation, { columns, command }),
  ]
}

function headlineOf(situation: Situation, columns: number): Line[] {
  const { finished, status, created_at, usage } = situation
  const calls = count(usage.tool_calls + usage.compensation_calls, 'call')
  const took = finished ? `, ${duration(between(created_at, finished.at))}` : ''
  const verdicts: Partial<Record<typeof status, Line>> = {
    succeeded: [good('✓'), ' ', heading('Succeeded')],
    failed: [bad('✗'), ' ', heading('Failed')],
    cancelled: [bad('✗'), ' ', heading('Cancelled')],
    waiting: [doubtful('?'), ' ', heading('Waiting for a person')],
  }
  const verdict = verdicts[status] ?? [doubtful('?'), ' ', heading(`Not finished (${status})`)]
  return [
    spread(verdict, [faint(`${calls}${took}`)], columns),
    ...(finished?.error ? paragraph(['  '], finished.error.message, columns) : []),
    ...untold(situation).flatMap(({ tool, failure }) =>
      paragraph([bad('  Nobody could be told: ')], `${tool}: ${failure?.message ?? 'it failed'}`, columns),
    ),
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

/** The result's facts by the server that stands for them. It knows nothing of what they mean but how values look. */
function resultLines({ finished }: Situation, { columns, command, folder }: SummaryOptions): Line[] {
  const result = redactSealed(finished?.result ?? {})
  if (!isJsonObject(result)) return []
  const facts = Object.entries(result).map(([fact, value]) => {
    const [server = fact, ...rest] = fact.split('.')
    return { server, label: rest.join(' ').replaceAll('_', ' '), value, hint: hintFor(fact, value, command) }
  })
  if (facts.length === 0) return []
  const serverWidth = Math.max(...facts.map(({ server }) => server.length))
  const labelWidth = Math.max(...facts.map(({ label }) => label.length))
  const lines: Line[] = [[], [heading('What exists now')]]
  let last = ''
  for (const { server, label, value, hint } of facts.toSorted(byServer(facts))) {
    const first: Line = [
      '  ',
      name((server === last ? '' : server).padEnd(serverWidth)),
      '  ',
      faint(label.padEnd(labelWidth)),
      '  ',
    ]
    lines.push([...first, shown(value, folder)])
    if (hint !== undefined) lines.push(...paragraph([' '.repeat(serverWidth + labelWidth + 6)], hint, columns))
    last = server
  }
  return lines
}

/** Servers in the order in which they first appear. */
function byServer(facts: readonly { server: string }[]) {
  const order = [...new Set(facts.map(({ server }) => server))]
  return (a: { server: string }, b: { server: string }) => order.indexOf(a.server) - order.indexOf(b.server)
}

function hintFor(fact: string, value: Json, command: string): string | undefined {
  return fact.endsWith('.database') && typeof value === 'string' ? `open it: ${command} psql ${value}` : undefined
}

/** Nobody reads a digest to its end. */
const digestForm = /^sha256:[0-9a-f]{64}$/

function shown(value: Json, folder: string): string {
  const text = cell(value)
  if (digestForm.test(text)) return `${text.slice(0, 'sha256:'.length + 12)}…`
  if (!isAbsolute(text)) return text
  const path = relative(folder, text)
  return path.startsWith('..') ? text : path
}

function furtherLines(
  { run_id, waits }: Situation,
  { columns, command }: Pick<SummaryOptions, 'columns' | 'command'>,
): Line[] {
  const id = shortId(run_id)
  const answers = [...waits.values()].flatMap(({ for: kind, wait_id, choices }) =>
    choices.map(({ choice, title }): [string, string] =>
      // An approval is a command of its own, and several can be asked at the same instant: the whole id tells them apart.
      kind === 'approval' ? [`${choice} ${wait_id}`, title] : [`answer ${id} ${choice}`, title],
    ),
  )
  const doors: [string, string][] = [
    ...answers,
    [`show ${id}`, 'this story again'],
    [`events ${id}`, 'the record of it, event by event'],
    [`verify ${id}`, 'proves that the record was not altered'],
  ]
  const width = Math.max(...doors.map(([door]) => door.length))
  return [
    [],
    [heading(answers.length > 0 ? 'Answer, or look further' : 'Look further')],
    ...doors.flatMap(([door, why]) => paragraph([`  ${command} ${door.padEnd(width)}  `], why, columns, 'faint')),
    [`  ${command} sql "select server, tool, status from calls"`],
  ]
}
