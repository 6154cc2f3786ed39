import type Anthropic from '@anthropic-ai/sdk'
import type { ModelAnswer } from './endpoint.ts'
import { EndpointError } from './endpoint-failure.ts'
import type { TokenCounts } from './prices.ts'

/** An answer as its stream goes on. Only one whose end has come is an answer. */
export class StreamedAnswer {
  readonly tokens: TokenCounts = { input: 0, output: 0, cache_read: 0, cache_write: 0 }
  private model: string
  private text = ''
  private stopReason: string | undefined
  private ended = false

  constructor(model: string) {
    this.model = model
  }

  take(event: Anthropic.RawMessageStreamEvent): void {
    switch (event.type) {
      case 'message_start':
        this.model = event.message.model
        this.count(event.message.usage)
        return
      case 'content_block_start':
        if (event.content_block.type === 'text') this.text += event.content_block.text
        return
      case 'content_block_delta':
        if (event.delta.type === 'text_delta') this.text += event.delta.text
        return
      case 'message_delta':
        this.stopReason = event.delta.stop_reason ?? this.stopReason
        this.count(event.usage)
        return
      case 'message_stop':
        this.ended = true
    }
  }

  whole(): ModelAnswer {
    if (!this.ended || this.stopReason === undefined)
      throw new EndpointError('cut', 'The answer broke off before its end')
    return { model: this.model, stop_reason: this.stopReason, text: this.text, tokens: this.tokens }
  }

  /** Later figures stand for the whole answer so far; one that is left out stays. */
  private count(usage: Partial<Anthropic.Usage> | Anthropic.MessageDeltaUsage | undefined): void {
    const take = (name: keyof TokenCounts, figure: number | null | undefined) => {
      if (typeof figure === 'number' && Number.isFinite(figure)) this.tokens[name] = Math.max(0, figure)
    }
    take('input', usage?.input_tokens)
    take('output', usage?.output_tokens)
    take('cache_read', usage?.cache_read_input_tokens)
    take('cache_write', usage?.cache_creation_input_tokens)
  }
}
