import { isAbsolute, relative } from 'node:path'
import type { Json, JsonObject } from '../../../shared/json.ts'
import type { Situation } from '../../model/situation.ts'
import { goalServer } from '../../model/sub-goals.ts'
import { cell } from '../text/cell.ts'
import { faint, heading, type Line, name, paragraph } from '../text/line.ts'
import { factsOf } from './facts-of.ts'
import { subRunLines } from './sub-run-lines.ts'
import type { SummaryOptions } from './summary-options.ts'

/** What exists now because of the run, by the server that stands for it, and what came of each of its sub-goals. */
export function existsLines(situation: Situation, options: SummaryOptions): Line[] {
  const lines = [...subRunLines(situation, options), ...factLines(factsOf(situation), options)]
  const title = situation.compensation ? 'Sub-goals' : 'What exists now'
  return lines.length === 0 ? [] : [[], [heading(title)], ...lines]
}

/** Facts as people read them. It knows nothing of what they mean but how values look. */
function factLines(result: JsonObject, { columns, command, folder }: SummaryOptions): Line[] {
  const facts = Object.entries(result).flatMap(([fact, value]) => {
    const [server = fact, ...rest] = fact.split('.')
    const label = rest.join(' ').replaceAll('_', ' ')
    return server === goalServer ? [] : [{ server, label, value, hint: hintFor(fact, value, command) }]
  })
  const serverWidth = Math.max(0, ...facts.map(({ server }) => server.length))
  const labelWidth = Math.max(0, ...facts.map(({ label }) => label.length))
  const lines: Line[] = []
  let last = ''
  for (const { server, label, value, hint } of facts.toSorted(byServer(facts))) {
    const first = name((server === last ? '' : server).padEnd(serverWidth))
    lines.push(['  ', first, '  ', faint(label.padEnd(labelWidth)), '  ', shown(value, folder)])
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
