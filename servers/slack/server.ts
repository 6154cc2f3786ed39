import { z } from 'zod'
import {
  type CallContext,
  CapabilityError,
  defineServer,
  defineTool,
  destination,
  fact,
  type RequestRule,
} from '../../shared/capability/index.ts'
import { escapeText } from './escape-text.ts'
import { faults } from './faults.ts'
import { findChannel, findPosting } from './find-in-slack.ts'
import { eventType, postingOf } from './posted-by-remit.ts'
import { openSlack, type Slack } from './slack-client.ts'

const channel = z
  .string()
  .regex(/^#?[^\s#@,<>]{1,80}$/, 'a channel such as #customers, or its id such as C024BE91L')
  .describe('Name (#customers) or id of a channel.')
const channelId = fact(z.string().min(1).max(80), 'slack.channel_id')
const timeStamp = fact(z.string().regex(/^\d+\.\d+$/, "a message's ts, such as 1763924400.000100"), 'slack.ts')
const text = fact(z.string().min(1).max(4000), 'slack.text')

const message = z.object({
  channel_id: channelId,
  ts: timeStamp.describe("The message's time stamp: within its channel, its id."),
  permalink: fact(z.string().optional(), 'slack.permalink'),
})

/** Methods of Slack's API, as a tool declares that it needs them: Slack's client posts to all of them. */
function methods(...names: string[]): RequestRule[] {
  return [{ endpoint: 'SLACK_API_URL', methods: ['POST'], paths: names.map((name) => `/${name}`) }]
}

const findChannelTool = defineTool({
  name: 'find_channel',
  title: 'Find channel',
  description: 'Find a channel that the app can see, by name or id.',
  input: z.object({ channel }),
  output: z.object({ channel_id: channelId, name: z.string() }),
  effect: 'read',
  scopes: ['channels:read', 'groups:read'],
  egress: methods('conversations.info', 'conversations.list'),
  example: { channel: '#customers' },
  async run({ channel }, { client, signal }: CallContext<Slack>) {
    const { id, name } = await client.read(signal, (api) => findChannel(api, channel))
    return { channel_id: id, name }
  },
})

const postMessage = defineTool({
  name: 'post_message',
  title: 'Post message',
  description: 'Post a text to a channel. Plain URLs become links; mentions and link markup are shown as written.',
  input: z.object({ channel: destination(fact(channel, 'slack.channel')), text }),
  output: message,
  effect: 'create',
  idempotency: 'none',
  scopes: ['chat:write'],
  egress: methods('chat.postMessage', 'chat.getPermalink'),
  establishes: ['slack.message'],
  compensation: {
    tool: 'delete_message',
    arguments: { channel_id: { $ref: '/output/channel_id' }, ts: { $ref: '/output/ts' } },
  },
  lookup: {
    tool: 'find_message',
    arguments: { channel: { $ref: '/arguments/channel' }, text: { $ref: '/arguments/text' }, this_run: true },
  },
  example: { channel: '#customers', text: 'Acme is on board.' },
  async run({ channel, text }, { client, idempotencyKey, call, signal }: CallContext<Slack>) {
    const posted = await client.change(signal, (api) =>
      api.chat.postMessage({
        channel,
        text: escapeText(text),
        parse: 'none',
        link_names: false,
        unfurl_links: false,
        unfurl_media: false,
        metadata: { event_type: eventType, event_payload: { ...postingOf(idempotencyKey, call.runId, text) } },
      }),
    )
    return withPermalink(client, signal, posted.channel ?? channel, posted.ts ?? '')
  },
})

const findMessage = defineTool({
  name: 'find_message',
  title: 'Find message',
  description: 'Find the newest message that post_message posted to a channel, by its text or its idempotency key.',
  input: z.object({
    channel,
    text: text.optional(),
    key: z.string().min(1).max(255).optional().describe('The idempotency key of the call that posted it.'),
    this_run: z.boolean().default(false).describe('Only messages posted by the run that asks.'),
  }),
  output: message,
  effect: 'read',
  scopes: ['channels:read', 'groups:read', 'channels:history', 'groups:history'],
  egress: methods('conversations.info', 'conversations.list', 'conversations.history', 'chat.getPermalink'),
  example: { channel: '#customers', text: { $ref: '/post_message/arguments/text' } },
  async run({ channel, text, key, this_run }, { client, call, signal }: CallContext<Slack>) {
    const found = await client.read(signal, async (api) => {
      const { id } = await findChannel(api, channel)
      return { id, ts: await findPosting(api, id, { key, text, runId: this_run ? call.runId : undefined }) }
    })
    return withPermalink(client, signal, found.id, found.ts)
  },
})

const deleteMessage = defineTool({
  name: 'delete_message',
  title: 'Delete message',
  description: 'Delete a message that the app posted. A message that is gone already counts as deleted.',
  input: z.object({ channel_id: channelId, ts: timeStamp }),
  output: z.object({ deleted: z.boolean().describe('False where the message was gone already.') }),
  effect: 'delete',
  idempotency: 'natural',
  scopes: ['chat:write'],
  egress: methods('chat.delete'),
  example: { channel_id: { $ref: '/post_message/output/channel_id' }, ts: { $ref: '/post_message/output/ts' } },
  async run({ channel_id, ts }, { client, signal }: CallContext<Slack>) {
    try {
      await client.change(signal, (api) => api.chat.delete({ channel: channel_id, ts }))
      return { deleted: true }
    } catch (error) {
      if (error instanceof CapabilityError && error.failure.vendor_code === 'message_not_found')
        return { deleted: false }
      throw error
    }
  },
})

/** The message's web address is a courtesy: the message stands whether or not Slack tells it. */
async function withPermalink(client: Slack, signal: AbortSignal, channel: string, ts: string) {
  const briefly = AbortSignal.any([signal, AbortSignal.timeout(3_000)])
  const answer = await client
    .read(briefly, (api) => api.chat.getPermalink({ channel, message_ts: ts }))
    .catch(() => undefined)
  return { channel_id: channel, ts, ...(answer?.permalink !== undefined && { permalink: answer.permalink }) }
}

/** Posts to the channels of one Slack workspace as one app. */
export const server = defineServer({
  name: 'slack',
  title: 'Slack',
  version: '0.1.0',
  description: 'Posts messages to the channels of a Slack workspace.',
  instructions:
    'Posts to Slack channels as an app. post_message takes a channel by name or id; find_channel tells whether the app can see it; find_message and delete_message work on messages that post_message posted.',
  endpoints: {
    SLACK_API_URL: {
      description: "Base URL of Slack's Web API",
      protocol: 'http',
      live: 'https://slack.com/api/',
    },
  },
  credentials: {
    SLACK_BOT_TOKEN: {
      description: "The app's bot token (xoxb-…)",
      delivery: 'egress',
      endpoint: 'SLACK_API_URL',
      header: { form: 'bearer' },
      placeholder: 'xoxb-held-by-remit',
    },
  },
  instances: 'many',
  emulates: 'Slack',
  faults,
  environment: z.object({
    SLACK_API_URL: z.url({ protocol: /^https?$/, error: 'must be a URL such as https://slack.com/api/' }),
    SLACK_BOT_TOKEN: z.string().startsWith('xoxb-', "must be a bot token, which starts with 'xoxb-'"),
  }),
  connect: ({ environment: { SLACK_API_URL, SLACK_BOT_TOKEN } }) => openSlack(SLACK_API_URL, SLACK_BOT_TOKEN),
  tools: [findChannelTool, postMessage, findMessage, deleteMessage],
})
