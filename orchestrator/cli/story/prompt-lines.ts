import { isJsonObject, type Json } from '../../../shared/json.ts'
import type { Event, EventData } from '../../model/event.ts'
import { duration } from '../text/duration.ts'
import { bad, faint, heading, type Line } from '../text/line.ts'

/** Everything that models were asked and what they answered, as it was sent: nothing is cut or broken anew. */
export function promptLines(events: readonly Event[]): Line[] {
  return events.flatMap((event): Line[] => {
    if (event.type === 'model_asked') return askedLines(event.seq, event.data)
    if (event.type === 'model_answered') return answeredLines(event.seq, event.data)
    return []
  })
}

function askedLines(seq: number, { model, attempt, prompt_digest, request }: EventData['model_asked']): Line[] {
  const { system, messages, ...parameters } = request
  const again = attempt > 1 ? `, attempt ${attempt}` : ''
  return [
    [heading(`Asked ${model}`), faint(` (event ${seq}${again}, ${prompt_digest})`)],
    [faint(`parameters: ${JSON.stringify(parameters)}`)],
    ...blocksOf(system).flatMap((block) => sentLines('system', block)),
    ...messagesOf(messages).flatMap(({ role, blocks }) => blocks.flatMap((block) => sentLines(role, block))),
    [],
  ]
}

function answeredLines(seq: number, { outcome, answered_by, usage, duration_ms }: EventData['model_answered']): Line[] {
  const { input_tokens, output_tokens, cache_read_tokens = 0, cost_usd } = usage
  const tokens = `${input_tokens} tokens in (${cache_read_tokens} from the cache), ${output_tokens} out`
  const cost = `$${cost_usd.toFixed(4)}, ${duration(duration_ms)}`
  const by = answered_by === undefined ? '' : ` by ${answered_by}`
  const head: Line = [heading(`Answered${by}`), faint(` (event ${seq}, ${tokens}, ${cost})`)]
  if (outcome.status === 'failed') return [head, [bad(outcome.failure.message)], []]
  const problems = outcome.status === 'unusable' ? outcome.problems : []
  return [
    head,
    ...blockLines(outcome.stop_reason, outcome.response),
    ...problems.map(({ path, message }): Line => [bad('✗'), ` ${path || '/'} ${message}`]),
    [],
  ]
}

function blockLines(title: string, text: string): Line[] {
  return [[faint(`--- ${title}`)], ...text.split('\n').map((line): Line => [line])]
}

/** A block as it was sent, with the mark up to which a cache may keep the prompt. */
function sentLines(role: string, { text, mark }: Block): Line[] {
  return blockLines(mark === undefined ? role : `${role}, cache_control ${JSON.stringify(mark)}`, text)
}

interface Block {
  text: string
  mark: Json | undefined
}

function blocksOf(content: Json | undefined): Block[] {
  if (!Array.isArray(content)) return typeof content === 'string' ? [{ text: content, mark: undefined }] : []
  return content.flatMap((block) =>
    isJsonObject(block) && typeof block.text === 'string' ? [{ text: block.text, mark: block.cache_control }] : [],
  )
}

function messagesOf(messages: Json | undefined): { role: string; blocks: Block[] }[] {
  if (!Array.isArray(messages)) return []
  return messages.flatMap((message) =>
    isJsonObject(message) ? [{ role: String(message.role), blocks: blocksOf(message.content) }] : [],
  )
}
