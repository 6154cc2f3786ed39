import type Anthropic from '@anthropic-ai/sdk'
import type { CountedTokens, ModelAnswer } from './endpoint.ts'
import { EndpointError } from './endpoint-failure.ts'
import { estimateTextTokens } from './prompt/estimate-tokens.ts'

/** No text has more letters for each of its tokens, on the whole. */
const mostLettersOfToken = 16

type Figures = Partial<Record<'input' | 'output' | 'cache_read' | 'cache_write', number>>

/** An answer as its stream goes on. Only one whose end has come is an answer. */
export class StreamedAnswer {
  /** True once its end has come: nothing after that is a part of it. */
  hasEnded = false
  /** True once anything of it has come. */
  hasBegun = false
  private readonly mostLetters: number
  private readonly figures: Figures = {}
  private model: string
  private text = ''
  private thoughts = ''
  private stopReason: string | undefined

  constructor({ model, max_tokens }: { model: string; max_tokens: number }) {
    this.model = model
    this.mostLetters = max_tokens * mostLettersOfToken
  }

  /** Throws an {@link EndpointError} where the answer grows beyond what its tokens can hold. */
  take(event: Anthropic.RawMessageStreamEvent): void {
    this.hasBegun = true
    switch (event.type) {
      case 'message_start':
        this.model = named(event.message.model) ?? this.model
        this.count(event.message.usage)
        return
      case 'content_block_start':
        if (event.content_block.type === 'text') this.write(event.content_block.text)
        return
      case 'content_block_delta':
        if (event.delta.type === 'text_delta') this.write(event.delta.text)
        if (event.delta.type === 'thinking_delta') this.think(event.delta.thinking)
        return
      case 'message_delta':
        this.stopReason = named(event.delta.stop_reason) ?? this.stopReason
        this.count(event.usage)
        return
      case 'message_stop':
        this.hasEnded = true
    }
  }

  whole(): ModelAnswer {
    if (!this.hasEnded || this.stopReason === undefined)
      throw new EndpointError('cut', 'The answer broke off before its end')
    return { model: this.model, stop_reason: this.stopReason, text: this.text, tokens: this.tokens }
  }

  /** What the endpoint counted. What it left out, and what it had not counted yet when an answer broke off, is estimated. */
  get tokens(): CountedTokens {
    const { input, output = 0, cache_read = 0, cache_write = 0 } = this.figures
    const isCounted = (input ?? 0) + cache_read + cache_write > 0
    const written = this.hasEnded && output > 0 ? 0 : estimateTextTokens(`${this.thoughts}${this.text}`)
    return {
      ...(isCounted ? { input: input ?? 0 } : {}),
      output: Math.max(output, written),
      cache_read,
      cache_write,
    }
  }

  private write(text: string | undefined): void {
    this.text += text ?? ''
    this.watchLength()
  }

  private think(thought: string | undefined): void {
    this.thoughts += thought ?? ''
    this.watchLength()
  }

  private watchLength(): void {
    if (this.text.length + this.thoughts.length > this.mostLetters)
      throw new EndpointError('too_large', `The answer has more than ${this.mostLetters} letters`)
  }

  /** Later figures stand for the whole answer so far; one that is left out, or is no number of tokens, changes nothing. */
  private count(usage: Partial<Anthropic.Usage> | Anthropic.MessageDeltaUsage | undefined): void {
    const take = (name: keyof Figures, figure: number | null | undefined) => {
      if (Number.isSafeInteger(figure) && Number(figure) >= 0) this.figures[name] = Number(figure)
    }
    take('input', usage?.input_tokens)
    take('output', usage?.output_tokens)
    take('cache_read', usage?.cache_read_input_tokens)
    take('cache_write', usage?.cache_creation_input_tokens)
  }
}

/** A name that an endpoint gives something; no more of it than names have. */
function named(given: unknown): string | undefined {
  return typeof given === 'string' ? given.slice(0, 100).toWellFormed() : undefined
}
