import type { Failure, Issue } from '../../../shared/failure.ts'
import { digest } from '../../../shared/json.ts'
import type { Catalogue } from '../../model/catalogue.ts'
import type { ModelLedger, ModelOutcome } from '../../model/model-call.ts'
import type { Situation } from '../../model/situation.ts'
import {
  type CountedTokens,
  type EndpointFailure,
  type Feature,
  features,
  type ModelEndpoint,
  type ModelRequest,
  recordedRequest,
} from './endpoint.ts'
import { type Judged, judgeAnswer } from './judge-answer.ts'
import { mostCost, type PriceTable, type TokenCounts, usageOf } from './prices.ts'
import { buildPrompt } from './prompt/build-prompt.ts'
import { estimateTokens } from './prompt/estimate-tokens.ts'

export interface AskingOptions {
  endpoint: ModelEndpoint
  prices: PriceTable
  /** The most tokens of an answer, thinking included. */
  answerTokens: number
  /** The most tokens that a prompt and its answer may have together. */
  contextTokens: number
  now(): Date
  random(): number
  /** Resolves early where it is interrupted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

export interface Question {
  model: string
  situation: Situation
  catalogue: Catalogue
  signal: AbortSignal
  ledger: ModelLedger
  /** What was wrong with the answer before. */
  issues: readonly Issue[] | undefined
}

/** What came of asking one model, however often that had to be tried. */
export type Asked = Judged | { what: 'failed'; why: string } | { what: 'unaffordable'; why: string }

/** How often one question is sent where the endpoint cannot be reached or has too much to do. */
const mostSendings = 4

/** An endpoint that wants to be left alone for longer than this is: the next model is asked. */
const longestWaitMs = 60_000

/** With room for fewer tokens there is no answer worth asking for. */
const fewestTokens = 1_024

/** Asks models and remembers, as long as the process lives, what their endpoint lacks. */
export class ModelAsking {
  private readonly options: AskingOptions
  private readonly lacking = new Map<string, Set<Feature>>()

  constructor(options: AskingOptions) {
    this.options = options
  }

  async ask(question: Question): Promise<Asked> {
    const { model, signal } = question
    const known = new Set(this.lacking.get(model))
    let answerTokens = this.options.answerTokens * (question.issues ? 2 : 1)
    let sending = 1
    for (;;) {
      const lacks = this.lacksOf(model)
      const request = buildPrompt(question.situation, question.catalogue, {
        model,
        max_tokens: answerTokens,
        lacks,
        unusable: question.issues && { issues: question.issues },
      })
      if (estimateTokens(request) + answerTokens > this.options.contextTokens)
        return {
          what: 'failed',
          why: `the prompt would be longer than the ${this.options.contextTokens} tokens it may have`,
        }
      const sent = await this.send(request, question, sending)
      if ('refused' in sent) {
        // A shorter answer costs less.
        answerTokens = Math.floor(answerTokens / 2)
        if (answerTokens < fewestTokens) return { what: 'unaffordable', why: sent.refused.message }
        continue
      }
      if ('judged' in sent) return sent.judged
      signal.throwIfAborted()
      const { failure } = sent
      if (this.drop(model, sent.lacks)) continue
      if (isFinal(failure) || sending >= mostSendings) {
        if (sent.lacks !== undefined) this.lacking.set(model, known)
        return { what: 'failed', why: failure.message }
      }
      await this.options.sleep(this.waitMs(failure, sending), signal)
      signal.throwIfAborted()
      sending += 1
    }
  }

  /** Sends once: recorded and paid for before, settled after. */
  private async send(
    request: ModelRequest,
    { model, situation, signal, ledger }: Question,
    attempt: number,
  ): Promise<{ refused: Failure } | { judged: Judged } | EndpointFailure> {
    const { prices, endpoint, now } = this.options
    const body = recordedRequest(request)
    const inputTokens = estimateTokens(request)
    const reserved = await ledger.ask({
      model,
      request: body,
      prompt_digest: digest(body),
      attempt,
      reservation: {
        model_calls: 1,
        tokens: inputTokens + request.max_tokens,
        cost_usd: mostCost(model, inputTokens, request.max_tokens, prices),
      },
    })
    if ('refused' in reserved) return reserved
    const started = now().getTime()
    const sent = await endpoint.send(request, signal)
    const { outcome, result } = sent.ok ? judgeAnswer(sent.answer, situation) : notAnswered(sent)
    await ledger.settle(reserved.id, {
      outcome,
      ...(sent.ok && sent.answer.model !== model ? { answered_by: sent.answer.model } : {}),
      usage: usageOf(model, paidTokens(sent.ok ? sent.answer.tokens : sent.tokens, inputTokens), prices),
      duration_ms: Math.max(0, now().getTime() - started),
    })
    return result
  }

  private lacksOf(model: string): Set<Feature> {
    const lacks = this.lacking.get(model) ?? new Set<Feature>()
    this.lacking.set(model, lacks)
    return lacks
  }

  /** Does without a feature that the endpoint does not take; without the next one where it only says that something is wrong. */
  private drop(model: string, named: EndpointFailure['lacks']): boolean {
    if (named === undefined) return false
    const lacks = this.lacksOf(model)
    const feature = named !== 'some' && !lacks.has(named) ? named : features.find((one) => !lacks.has(one))
    if (feature === undefined) return false
    lacks.add(feature)
    return true
  }

  private waitMs({ retry_after_ms }: Failure, sending: number): number {
    return retry_after_ms ?? 1_000 * 2 ** (sending - 1) * (0.5 + this.options.random() / 2)
  }
}

/** What is paid for: nothing where the endpoint took nothing, and what was estimated where it does not count. */
function paidTokens(counted: CountedTokens | undefined, estimatedInput: number): TokenCounts {
  if (!counted) return { input: 0, output: 0, cache_read: 0, cache_write: 0 }
  return { ...counted, input: counted.input ?? estimatedInput }
}

function isFinal({ kind, retry_after_ms = 0 }: Failure): boolean {
  return (kind !== 'rate_limited' && kind !== 'unavailable') || retry_after_ms > longestWaitMs
}

function notAnswered(result: EndpointFailure): { outcome: ModelOutcome; result: EndpointFailure } {
  return { outcome: { status: 'failed', failure: result.failure }, result }
}
