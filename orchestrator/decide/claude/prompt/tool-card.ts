import type { Tool } from '../../../model/catalogue.ts'
import { inertLine } from './data-block.ts'
import { inputText, outputText } from './schema-text.ts'

/** Longer texts are cut. */
const longestTitle = 100
const longestDescription = 600

/** Letters that what a tool takes, and what it returns, may have in a prompt. */
const mostOfInput = 6_000
const mostOfOutput = 2_000

/** What a model has to know of a tool to plan with it. What its server says of it stands in lines of the card, and makes none. */
export function toolCard(tool: Tool): string {
  const { id, effect, title, description, input, output, marks, establishes, compensation, sub_goal } = tool
  const nature = [effect, ...(compensation ? ['can be undone'] : effect === 'read' ? [] : ['cannot be undone'])]
  return [
    `## ${id} (${nature.join(', ')})`,
    `${inertLine(title, longestTitle)}. ${inertLine(description, longestDescription)}`,
    ...(establishes.length === 0 ? [] : [`establishes: ${establishes.join(', ')}`]),
    ...(sub_goal ? ['a sub-goal: a run of its own'] : []),
    `arguments: ${withinRoom(inputText(input, marks.input), mostOfInput)}`,
    `output: ${output ? withinRoom(outputText(output, marks.output), mostOfOutput) : 'not declared'}`,
  ].join('\n')
}

function withinRoom(text: string, most: number): string {
  if (text.length <= most) return text
  return `${text.slice(0, Math.max(0, text.lastIndexOf('\n', most)))}\n  … (more is not shown)`
}

/** The tools that are shown, and how many there are besides. */
export function toolCards(tools: readonly Tool[], others: number): string {
  const more = others > 0 ? `\n\nThere are ${others} more tools: find_tools searches them.` : ''
  return `# Tools\n${tools.map(toolCard).join('\n\n')}${more}`
}
