import { type ClaudeOptions, claude } from '../../../orchestrator/decide/claude/claude.ts'
import {
  type MessagesEndpointOptions,
  messagesEndpoint,
} from '../../../orchestrator/decide/claude/messages-endpoint.ts'
import { listPrices } from '../../../orchestrator/decide/claude/prices.ts'
import { planner } from '../../../orchestrator/decide/planner/planner.ts'
import type { Reasoner } from '../../../orchestrator/decide/reasoner.ts'
import type { ModelOutcome } from '../../../orchestrator/model/model-call.ts'
import { type Rehearsal, type RehearsalOptions, rehearse } from '../rehearsal.ts'
import { type MessagesApi, messagesApi, type Script } from './messages-api.ts'

/** The models that tests ask, in the order of the ladder. */
export const models = ['claude-opus-5-5', 'claude-sonnet-5-5'] as const

export type ModelSettings = Partial<ClaudeOptions & MessagesEndpointOptions>

/** Claude at a scripted API, with waits that are noted instead of waited for. */
export function claudeAt(url: string, settings: ModelSettings = {}): { reasoner: Reasoner; waits: number[] } {
  const waits: number[] = []
  const endpoint = messagesEndpoint({
    apiKey: 'sk-scripted',
    baseUrl: url,
    answerMs: 60_000,
    stallMs: 60_000,
    mostBytes: 1024 * 1024,
    ...settings,
  })
  const reasoner = claude({
    endpoint,
    planner,
    models: [...models],
    prices: listPrices,
    answerTokens: 4_096,
    contextTokens: 200_000,
    now: () => new Date('2026-01-01T00:00:00.000Z'),
    random: () => 1,
    sleep: async (ms) => void waits.push(ms),
    ...settings,
  })
  return { reasoner, waits }
}

export interface Modelled extends Rehearsal {
  api: MessagesApi
  waits: number[]
  /** What the record says that became of each call of a model. */
  answers: ModelOutcome[]
}

/** Pursues a run in memory with Claude at an API that answers as scripted. */
export async function modelledRun(
  script: Script,
  options: RehearsalOptions,
  settings: ModelSettings = {},
): Promise<Modelled> {
  const api = await messagesApi(script)
  try {
    const { reasoner, waits } = claudeAt(api.url, settings)
    const rehearsal = await rehearse({ ...options, reasoner })
    const answers = rehearsal.journal.events.flatMap((event) =>
      event.type === 'model_answered' ? [event.data.outcome] : [],
    )
    return { ...rehearsal, api, waits, answers }
  } finally {
    await api.close()
  }
}
