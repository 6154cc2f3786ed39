import { inputProperties } from '../../../model/input-facts.ts'
import type { Situation } from '../../../model/situation.ts'
import { dataBlock, inertJson } from './data-block.ts'
import { showValue } from './show-value.ts'

/** What is asked: the same for every decision of a run, unless a person changed its input. */
export function goalText(situation: Situation): string {
  const { goal } = situation.created
  const facts = inputProperties(goal.input).flatMap(({ pointer, fact }) => (fact ? [`${fact} = /input${pointer}`] : []))
  const literals = Object.entries(goal.arguments)
  return [
    '# Goal',
    `${goal.title}. ${goal.description}`.trim(),
    inputLine(situation),
    ...(facts.length === 0 ? [] : [`Facts of the input: ${facts.join(', ')}`]),
    ...(literals.length === 0
      ? []
      : ['The goal’s own values:', ...literals.map(([f, v]) => `- ${f} = ${inertJson(v)}`)]),
    ...outcomeLines(goal),
    ...Object.entries(goal.bind).map(([fact, tool]) => `${fact} has to come from ${tool}.`),
    ...Object.entries(goal.for_each).map(
      ([fact, { list, as, max }]) => `${fact}: once for each item of the list ${list} (as ${as}, max ${max}).`,
    ),
    ...Object.entries(goal.after).map(([fact, before]) => `${fact} only after ${before.join(', ')}.`),
    ...Object.entries(goal.delays).map(([fact, seconds]) => `${fact} ${seconds} s after all that it needs is there.`),
    ...Object.entries(goal.slices).map(([fact, slice]) => `${fact}: slice ${inertJson(slice)}.`),
    ...(goal.tools ? [`Only these tools may be used: ${goal.tools.join(', ')}`] : []),
  ].join('\n')
}

/** What a person gave is the goal's; what a trigger, a host or a tool gave is data, and says from where. */
function inputLine({ input, input_provenance }: Situation): string {
  const { value } = showValue(input, [])
  const others = new Set(Object.values(input_provenance).flat())
  others.delete('input')
  others.delete('goal')
  return `Input: ${others.size === 0 ? inertJson(value) : dataBlock([...others].sort().join(', '), value)}`
}

function outcomeLines({ outcomes }: Situation['created']['goal']): string[] {
  if (outcomes.length === 0)
    return ['Outcomes: none is named. Finish once the work is done, citing for it every fact that a task established.']
  return [
    'Outcomes that must hold:',
    ...outcomes.map(({ fact, on_failure, existing }) => {
      const instead = { undo: 'undo everything', wait: 'a person is asked', accept: 'the run goes on without it' }
      return `- ${fact} (if it cannot be had: ${instead[on_failure]}${existing ? '; one that exists already will do' : ''})`
    }),
  ]
}
