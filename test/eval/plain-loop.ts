import type { Catalogue } from '../../orchestrator/model/catalogue.ts'
import type { Situation } from '../../orchestrator/model/situation.ts'
import { goalServer } from '../../orchestrator/model/sub-goals.ts'
import { type CountedTokens, PromptCache } from '../support/model/prompt-cache.ts'

/** What a conversation cost, turn by turn summed up. */
export interface Cost extends CountedTokens {
  turns: number
  output: number
}

const system =
  'You onboard customers. Use the tools to reach the goal, one call at a time. Say that you are done once every outcome holds.'

/**
 * The same work as a plain agent loop does it: all tools in every request, one call a turn, and every result back through
 * the model. Each request is what such a loop would send; tokens are counted, and cached, as the scripted API counts those
 * of Remit, with a mark at the end of the tools and of the last message.
 */
export function plainLoop({ calls, created }: Situation, catalogue: Catalogue): Cost {
  const cache = new PromptCache()
  // Such a loop knows tools, and no goals that are tools.
  const tools = [...catalogue.tools.values()].flatMap(({ id, server, description, input }) =>
    server === goalServer ? [] : [{ name: id.replace('.', '__'), description, input_schema: input }],
  )
  const goal = JSON.stringify({ goal: created.goal.description, outcomes: created.goal.outcomes, input: created.input })
  const history: { role: string; content: { text: string }[] }[] = [{ role: 'user', content: [{ text: goal }] }]
  const cost: Cost = { turns: 0, input: 0, cache_read: 0, cache_write: 0, output: 0 }
  const turn = (answer: string) => {
    const messages = history.map((message, index) => ({
      ...message,
      content: message.content.map((block) => (index === history.length - 1 ? { ...block, cache_control: {} } : block)),
    }))
    const prefix = [{ text: JSON.stringify(tools) }, { text: system, cache_control: {} }]
    const counted = cache.count({ model: 'plain', max_tokens: 0, system: prefix, messages })
    for (const part of ['input', 'cache_read', 'cache_write'] as const) cost[part] += counted[part]
    cost.turns += 1
    cost.output += Math.ceil(answer.length / 4)
    history.push({ role: 'assistant', content: [{ text: answer }] })
  }
  for (const { server, tool, arguments: args, outcome } of calls.values()) {
    turn(JSON.stringify({ type: 'tool_use', id: 'toolu_01', name: `${server}__${tool}`, input: args }))
    const output = outcome?.status === 'succeeded' ? outcome.output : outcome?.failure
    history.push({ role: 'user', content: [{ text: JSON.stringify({ type: 'tool_result', content: output }) }] })
  }
  turn('All of it is done: the organization, its workspace, its subscription, the letter and the message.')
  return cost
}
