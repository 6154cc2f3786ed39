import type { JsonObject } from '../../../shared/json.ts'
import type { EventData } from '../../model/event.ts'
import { redactSealed } from '../../model/seal.ts'
import { instantText } from '../text/instant.ts'
import { block, doubtful, faint, type Line, name, paragraph } from '../text/line.ts'

import { displayWidth, padEnd } from '../text/width.ts'

type Wait = EventData['wait_started']

/** A longer name of an argument stands out of the column. */
const widestName = 24

/** What a run asks of people, in full: who may answer what, until when, and what happens otherwise. */
export function waitLines(wait: Wait, columns: number): Line[] {
  const { approval, choices } = wait
  return [
    [],
    [doubtful('Waiting'), ` for ${whatFor[wait.for]}`, ...(approval ? [': ', name(approval.tool)] : [])],
    ...block(['  '], wait.question, columns),
    ...(approval ? argumentLines(approval.arguments, columns) : []),
    ...(choices.length === 0
      ? []
      : paragraph(['  Choices: '], choices.map(({ choice }) => choice).join(' · '), columns)),
    ...deadlineLines(wait, columns),
  ]
}

/** What a run waits for, in a few words. */
export function waitText(kind: Wait['for']): string {
  return `waits for ${whatFor[kind]}`
}

const whatFor: Record<Wait['for'], string> = {
  answer: 'a person',
  approval: 'an approval',
  timer: 'an instant',
  child: 'a run that is a part of it',
}

/** Arguments as a call would get them; nothing is cut, for a person approves exactly what they read. */
export function argumentLines(args: JsonObject, columns: number): Line[] {
  const width = Math.min(widestName, Math.max(0, ...Object.keys(args).map(displayWidth)))
  return Object.entries(args).flatMap(([key, value]) =>
    paragraph(['    ', faint(padEnd(key, width)), '  '], JSON.stringify(redactSealed(value)), columns),
  )
}

/** Until when something may be answered, and what happens without an answer. */
export function deadlineLines({ for: kind, until, otherwise, choices }: Wait, columns: number): Line[] {
  if (until === undefined) return []
  const by = instantText(until)
  if (kind === 'timer') return [[faint(`  It goes on at ${by}.`)]]
  if (kind === 'approval') return [[faint(`  Without a decision by ${by} it counts as denied.`)]]
  const title = choices.find(({ choice }) => choice === otherwise)?.title
  const what = otherwise === undefined ? 'the run goes on' : `${otherwise}${title === undefined ? '' : ` (${title})`}`
  return block(['  '], `Without an answer by ${by}: ${what}.`, columns, 'faint')
}
