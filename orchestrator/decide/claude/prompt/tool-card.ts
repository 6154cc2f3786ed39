import type { Tool } from '../../../model/catalogue.ts'
import { inputText, outputText } from './schema-text.ts'

/** A longer description is cut. */
const longestDescription = 600

/** What a model has to know of a tool to plan with it. */
export function toolCard(tool: Tool): string {
  const { id, effect, title, description, input, output, marks, establishes, compensation, sub_goal } = tool
  const nature = [effect, ...(compensation ? ['can be undone'] : effect === 'read' ? [] : ['cannot be undone'])]
  return [
    `## ${id} (${nature.join(', ')})`,
    `${title}. ${description.slice(0, longestDescription)}`,
    ...(establishes.length === 0 ? [] : [`establishes: ${establishes.join(', ')}`]),
    ...(sub_goal ? ['a sub-goal: a run of its own'] : []),
    `arguments: ${inputText(input, marks.input)}`,
    `output: ${output ? outputText(output, marks.output) : 'not declared'}`,
  ].join('\n')
}

/** The tools that are shown, and how many there are besides. */
export function toolCards(tools: readonly Tool[], others: number): string {
  const more = others > 0 ? `\n\nThere are ${others} more tools: find_tools searches them.` : ''
  return `# Tools\n${tools.map(toolCard).join('\n\n')}${more}`
}
