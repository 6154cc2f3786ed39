import type { ClaudeConfig } from './config.ts'
import { type ClaudeOptions, claude } from './decide/claude/claude.ts'
import type { ModelEndpoint } from './decide/claude/endpoint.ts'
import { messagesEndpoint } from './decide/claude/messages-endpoint.ts'
import { listPrices, withPrices } from './decide/claude/prices.ts'
import { planner } from './decide/planner/planner.ts'
import type { Reasoner } from './decide/reasoner.ts'
import type { KnownReasoner } from './model/known-reasoner.ts'
import type { RunReasoner } from './run/parts.ts'

/** The reasoners that this process can ask, by the name that a run was created for. */
export interface Reasoners {
  /** A run of an unknown reasoner is one of a later release: whoever knows the goal alone decides. */
  named(name: string): RunReasoner
  /** Those for whom runs may be started. */
  known: readonly KnownReasoner[]
}

/** Where runs are planned and nothing else. */
export const plannerAlone: Reasoners = {
  named: () => planner,
  known: [{ name: planner.name, reads_texts: false }],
}

/** The planner, and Claude at the endpoint that is configured. `endpoint` stands in its place for cassettes. */
export function openReasoners(config: ClaudeConfig, endpoint?: ModelEndpoint): Reasoners {
  const model = openClaude(config, endpoint ? { endpoint } : {})
  return {
    named: (name) => (name === model.name ? model : planner),
    known: knownReasoners(endpoint === undefined ? config : undefined),
  }
}

/** Claude as it is configured; `parts` stand in for what it asks, and for how it waits. */
export function openClaude(
  config: ClaudeConfig,
  parts: Partial<Pick<ClaudeOptions, 'endpoint' | 'sleep'>> = {},
): Reasoner {
  return claude({
    endpoint: parts.endpoint ?? endpointOf(config),
    planner,
    models: config.models,
    prices: withPrices(listPrices, config.prices),
    answerTokens: config.answerTokens,
    contextTokens: config.contextTokens,
    now: () => new Date(),
    random: Math.random,
    sleep: parts.sleep ?? sleep,
  })
}

/** Those for whom runs may be started: all of them where a cassette stands in for what is configured. */
export function knownReasoners(config: Pick<ClaudeConfig, 'apiKey'> | undefined): KnownReasoner[] {
  const lacks = config && config.apiKey === undefined ? { lacks: 'ANTHROPIC_API_KEY' } : {}
  return [...plannerAlone.known, { name: 'claude', reads_texts: true, ...lacks }]
}

/** The endpoint that is configured; without a key one that says so, so that runs of others go on by the planner. */
export function endpointOf(config: ClaudeConfig): ModelEndpoint {
  const { apiKey, baseUrl, answerTokens, answerSeconds, stallSeconds } = config
  if (apiKey === undefined) return withoutKey
  return messagesEndpoint({
    apiKey,
    ...(baseUrl === undefined ? {} : { baseUrl }),
    answerMs: answerSeconds * 1_000,
    stallMs: stallSeconds * 1_000,
    mostBytes: bytesAroundAnswer + answerTokens * timesTheRoom * bytesOfToken,
  })
}

/** An answer that is asked for again has room for twice the tokens, each of which may come as an event of its own. */
const timesTheRoom = 2
const bytesOfToken = 256
const bytesAroundAnswer = 1024 * 1024

const withoutKey: ModelEndpoint = {
  send: async () => ({ ok: false, failure: { kind: 'unauthorized', message: 'ANTHROPIC_API_KEY is not set here' } }),
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
    function done() {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
  })
}
