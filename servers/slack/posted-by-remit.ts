import { createHash } from 'node:crypto'

/** The metadata event that every message of ours carries, and by which we find it again. */
export const eventType = 'remit_message'

/**
 * What a message says of the call that posted it. The text goes in as a digest: Slack rewrites the text that it stores
 * (links, emoji), so that it cannot be compared.
 */
export interface Posting {
  key: string
  run_id: string
  text_digest: string
}

/** What can be known of the message that is looked for. */
export interface PostingQuery {
  key?: string | undefined
  runId?: string | undefined
  text?: string | undefined
}

export function postingOf(key: string, runId: string, text: string): Posting {
  return { key, run_id: runId, text_digest: digestOf(text) }
}

/** True when a message of the channel's history carries our metadata and everything that was asked for. */
export function isPosting(metadata: { event_type?: string; event_payload?: object } | undefined, query: PostingQuery) {
  if (metadata?.event_type !== eventType) return false
  const posted: Partial<Posting> = metadata.event_payload ?? {}
  return (
    (query.key === undefined || posted.key === query.key) &&
    (query.runId === undefined || posted.run_id === query.runId) &&
    (query.text === undefined || posted.text_digest === digestOf(query.text))
  )
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
