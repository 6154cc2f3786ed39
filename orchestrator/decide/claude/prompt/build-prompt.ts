import type { Catalogue } from '../../../model/catalogue.ts'
import type { Situation } from '../../../model/situation.ts'
import { answerJsonSchema } from '../answer.ts'
import type { Feature, ModelRequest } from '../endpoint.ts'
import { countPlannable, loadTools } from '../load-tools.ts'
import { goalText } from './goal-text.ts'
import { rules } from './rules.ts'
import { situationText, type Unusable } from './situation-text.ts'
import { toolCards } from './tool-card.ts'

export interface PromptOptions {
  model: string
  max_tokens: number
  /** What the endpoint is known to lack. */
  lacks: ReadonlySet<Feature>
  /** What was wrong with the answer before, where the model is asked again. */
  unusable?: Unusable | undefined
}

/**
 * The whole request: what never changes first (rules and contract), then what changes seldom (tools, goal), and at the end
 * how the run stands. Each of the first parts ends where a cache may keep it; searching for tools only adds behind them.
 */
export function buildPrompt(situation: Situation, catalogue: Catalogue, options: PromptOptions): ModelRequest {
  const { model, max_tokens, lacks, unusable } = options
  const { first, found } = loadTools(situation, catalogue)
  const others = countPlannable(situation, catalogue) - first.length - found.length
  const kept = <Text extends string>(text: Text) => ({
    type: 'text' as const,
    text,
    ...(lacks.has('caching') ? {} : { cache_control: { type: 'ephemeral' as const } }),
  })
  return {
    model,
    max_tokens,
    system: [kept(rules), kept(`${toolCards(first, others + found.length)}\n\n${goalText(situation)}`)],
    messages: [
      {
        role: 'user',
        content: [
          ...(found.length === 0 ? [] : [kept(toolCards(found, 0).replace('# Tools', '# Tools that were found'))]),
          { type: 'text', text: situationText(situation, catalogue, unusable) },
        ],
      },
    ],
    ...(lacks.has('thinking') ? {} : { thinking: { type: 'adaptive' } }),
    ...(lacks.has('structured_output')
      ? {}
      : { output_config: { format: { type: 'json_schema', schema: answerJsonSchema } } }),
  }
}
