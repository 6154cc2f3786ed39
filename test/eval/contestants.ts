import { type ClaudeConfig, readConfig } from '../../orchestrator/config.ts'
import { planner } from '../../orchestrator/decide/planner/planner.ts'
import type { Reasoner } from '../../orchestrator/decide/reasoner.ts'
import { endpointOf, openClaude } from '../../orchestrator/reasoners.ts'
import { messagesApi } from '../support/model/messages-api.ts'
import type { VirtualClock } from '../support/world/virtual-clock.ts'
import type { Scenario } from './scenario.ts'

/** Whoever decides in an evaluation. */
export interface Contestant {
  name: string
  /** Why it cannot take part now. */
  missing?: string
  /** What it decides with in one scenario, until that is closed; nothing where it cannot take part in that one. */
  open(scenario: Scenario, clock: VirtualClock): Promise<{ reasoner: Reasoner; close(): Promise<void> } | undefined>
}

const nothingToClose = async () => {}

/** Decides by facts. */
const byFacts: Contestant = {
  name: 'planner',
  open: async ({ needsModel }) => (needsModel ? undefined : { reasoner: planner, close: nothingToClose }),
}

/** Claude's reasoner, at an API that answers as the scenario's script says. */
function scripted(config: ClaudeConfig): Contestant {
  return {
    name: 'scripted',
    async open({ script }, clock) {
      const api = await messagesApi(script)
      const reasoner = claudeOn(clock, { ...config, apiKey: 'sk-scripted', baseUrl: api.url })
      return { reasoner, close: () => api.close() }
    },
  }
}

/** Claude, at the endpoint that the environment names. */
function real(config: ClaudeConfig): Contestant {
  return {
    name: 'claude',
    ...(config.apiKey === undefined ? { missing: 'ANTHROPIC_API_KEY is not set' } : {}),
    open: async (_, clock) => ({ reasoner: claudeOn(clock, config), close: nothingToClose }),
  }
}

/** Everybody who may take part, by name. */
export function openContestants(environment?: Record<string, string | undefined>): Contestant[] {
  const { claude: config } = readConfig(environment)
  return [byFacts, scripted(config), real(config)]
}

/** The time of the scenario stands still while a model is asked: its own is real. */
function claudeOn(clock: VirtualClock, config: ClaudeConfig): Reasoner {
  const endpoint = endpointOf(config)
  return openClaude(config, {
    endpoint: { send: (request, signal) => clock.standStill(endpoint.send(request, signal)) },
    sleep: (ms) => clock.standStill(new Promise((resolve) => setTimeout(resolve, ms))),
  })
}
