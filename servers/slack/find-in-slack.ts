import type { WebClient } from '@slack/web-api'
import { CapabilityError, UncertainError } from '../../shared/capability/index.ts'
import { isPosting, type PostingQuery } from './posted-by-remit.ts'

/** A channel, as far as tools speak of it. */
export interface Channel {
  id: string
  name: string
}

/** Channels' ids; names are lower case, so that the two cannot be mixed up. */
const channelId = /^[CGD][A-Z0-9]{7,}$/
const pageSize = 200
const maxPages = 10

/** The channel of a name (`#customers`, `customers`) or an id. Throws `not_found`. */
export async function findChannel(api: WebClient, wanted: string): Promise<Channel> {
  if (channelId.test(wanted)) {
    const { channel } = await api.conversations.info({ channel: wanted })
    return { id: wanted, name: channel?.name ?? '' }
  }
  const name = wanted.replace(/^#/, '')
  let cursor: string | undefined
  do {
    const page = await api.conversations.list({
      types: 'public_channel,private_channel',
      exclude_archived: true,
      limit: pageSize,
      ...(cursor && { cursor }),
    })
    const found = page.channels?.find((channel) => channel.name === name)
    if (found?.id !== undefined) return { id: found.id, name }
    cursor = page.response_metadata?.next_cursor
  } while (cursor)
  throw new CapabilityError('not_found', `Slack shows the app no channel named #${name}.`)
}

/**
 * The time stamp of the newest message of ours that fits. Throws `not_found` once the whole channel was read, and
 * `UncertainError` where the channel is longer than what is read of it.
 */
export async function findPosting(api: WebClient, channel: string, query: PostingQuery): Promise<string> {
  let cursor: string | undefined
  for (let pages = 0; pages < maxPages; pages += 1) {
    const page = await api.conversations.history({
      channel,
      include_all_metadata: true,
      limit: pageSize,
      ...(cursor && { cursor }),
    })
    const found = page.messages?.find(({ metadata }) => isPosting(metadata, query))
    if (found?.ts !== undefined) return found.ts
    cursor = page.response_metadata?.next_cursor
    if (!page.has_more || !cursor) throw new CapabilityError('not_found', 'The channel holds no such message of ours.')
  }
  throw new UncertainError(
    `The newest ${pageSize * maxPages} messages of the channel do not hold it; older ones were not read.`,
  )
}
