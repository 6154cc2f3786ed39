import { createHash } from 'node:crypto'
import type { HeardBody } from './messages-api.ts'

/** Tokens of a request, as an endpoint would bill them. */
export interface CountedTokens {
  /** What came from no cache, and is in none now. */
  input: number
  cache_read: number
  cache_write: number
}

/**
 * Counts tokens as one for every four letters of a block, and keeps a prompt cache as the Messages API documents it: the
 * longest prefix that ends at a marked block and was sent before is read, the rest up to the last mark is written.
 */
export class PromptCache {
  private readonly kept = new Set<string>()

  count({ model, system, messages, output_config }: HeardBody): CountedTokens {
    // An endpoint that is given a schema puts it before everything else.
    const schema = output_config?.format ? [{ text: JSON.stringify(output_config.format) }] : []
    const blocks: { text: string; cache_control?: object }[] = [
      ...schema,
      ...system,
      ...messages.flatMap(({ content }) => content),
    ]
    const prefix = createHash('sha256').update(model)
    let read = 0
    let marked = 0
    let all = 0
    for (const { text, cache_control } of blocks) {
      prefix.update(`\0${text}`)
      all += Math.ceil(text.length / 4)
      if (!cache_control) continue
      const digest = prefix.copy().digest('hex')
      if (this.kept.has(digest)) read = all
      marked = all
      this.kept.add(digest)
    }
    return { input: all - marked, cache_read: read, cache_write: marked - read }
  }
}
