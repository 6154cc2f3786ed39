import { z } from 'zod'
import type { JsonObject } from '../../../shared/capability/index.ts'
import { type EmulatedChannel, type EmulatedMessage, identity, type Workspace } from './workspace.ts'

/** What a method answers: `ok: true` and more, or Slack's `{ok: false, error}`. */
export type Answer = { ok: true; [field: string]: unknown } | { ok: false; error: string; [field: string]: unknown }

/** One method of the Web API. `run` gets the arguments after `input` has parsed them, whether they came as form or JSON. */
export interface Method {
  /** The scopes that it takes, by what it is asked for. */
  scopes: readonly string[]
  input: z.ZodObject
  /** The scopes that a call needs, all of them. */
  needs(args: unknown, workspace: Workspace): string[]
  run(args: unknown, workspace: Workspace): Answer
}

// A form has only strings, a JSON body has types: both are right.
const flag = z.preprocess(
  (value) => (value === 'true' || value === '1' ? true : value === 'false' || value === '0' ? false : value),
  z.boolean(),
)
const limit = (byDefault: number, max: number) => z.coerce.number().int().min(1).max(max).default(byDefault)
const fromJson = (value: unknown): unknown => {
  if (typeof value !== 'string') return value
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}
const metadata = z.preprocess(
  fromJson,
  z.strictObject({
    event_type: z.string().regex(/^[A-Za-z0-9_]{1,255}$/),
    event_payload: z.record(z.string(), z.json()),
  }),
)

/** Every method that is emulated, with exactly the arguments that are. */
export const methods: Record<string, Method> = {
  'auth.test': method(
    [],
    z.strictObject({}),
    () => [],
    () => ({ ok: true, ...identity }),
  ),

  'conversations.list': method(
    ['channels:read', 'groups:read'],
    z.strictObject({
      types: z.string().default('public_channel'),
      exclude_archived: flag.default(false),
      limit: limit(100, 1000),
      cursor: z.string().optional(),
    }),
    ({ types }) => {
      const asked = types.split(',')
      return [
        ...(asked.includes('public_channel') ? ['channels:read'] : []),
        ...(asked.includes('private_channel') ? ['groups:read'] : []),
      ]
    },
    ({ types, exclude_archived, limit, cursor }, workspace) => {
      const asked = types.split(',')
      if (!asked.every((type) => type === 'public_channel' || type === 'private_channel')) {
        return refused('emulator_unsupported', { emulator_unsupported: `types ${types}` })
      }
      const all = workspace
        .channels()
        .filter((channel) => asked.includes(channel.private ? 'private_channel' : 'public_channel'))
        .filter((channel) => !isHidden(channel) && !(exclude_archived && channel.archived))
      const page = pageOf(all, limit, cursor)
      if (!page) return refused('invalid_cursor')
      return { ok: true, channels: page.items.map(toConversation), response_metadata: { next_cursor: page.next } }
    },
  ),

  'conversations.info': method(
    ['channels:read', 'groups:read'],
    z.strictObject({ channel: z.string() }),
    ({ channel }, workspace) => [workspace.channel(channel)?.private ? 'groups:read' : 'channels:read'],
    ({ channel }, workspace) => {
      const found = visible(workspace.channel(channel))
      return found ? { ok: true, channel: toConversation(found) } : refused('channel_not_found')
    },
  ),

  'conversations.history': method(
    ['channels:history', 'groups:history'],
    z.strictObject({
      channel: z.string(),
      limit: limit(100, 999),
      cursor: z.string().optional(),
      oldest: z.coerce.number().default(0),
      latest: z.coerce.number().default(Number.POSITIVE_INFINITY),
      include_all_metadata: flag.default(false),
    }),
    ({ channel }, workspace) => [workspace.channel(channel)?.private ? 'groups:history' : 'channels:history'],
    ({ channel, limit, cursor, oldest, latest, include_all_metadata }, workspace) => {
      const found = visible(workspace.channel(channel))
      if (!found) return refused('channel_not_found')
      if (found.foreign) return refused('not_in_channel')
      const newestFirst = workspace
        .messages()
        .filter((message) => message.channel === channel && Number(message.ts) > oldest && Number(message.ts) < latest)
        .reverse()
      const page = pageOf(newestFirst, limit, cursor)
      if (!page) return refused('invalid_cursor')
      return {
        ok: true,
        messages: page.items.map((message) => toMessage(message, include_all_metadata)),
        has_more: page.next !== '',
        response_metadata: { next_cursor: page.next },
      }
    },
  ),

  'chat.postMessage': method(
    ['chat:write'],
    z.strictObject({
      channel: z.string(),
      text: z.string().default(''),
      metadata: metadata.optional(),
      mrkdwn: flag.optional(),
      unfurl_links: flag.optional(),
      unfurl_media: flag.optional(),
      parse: z.literal('none').optional(),
      link_names: flag.pipe(z.literal(false)).optional(),
    }),
    () => ['chat:write'],
    ({ channel, text, metadata }, workspace) => {
      const found = visible(workspace.channel(channel, 'byName'))
      if (!found) return refused('channel_not_found')
      if (found.foreign) return refused('not_in_channel')
      if (found.archived) return refused('is_archived')
      if (text === '') return refused('no_text')
      if (text.length > 40_000) return refused('msg_too_long')
      const posted = workspace.post({ channel: found.id, text, metadata })
      return { ok: true, channel: found.id, ts: posted.ts, message: toMessage(posted, true) }
    },
  ),

  'chat.delete': method(
    ['chat:write'],
    z.strictObject({ channel: z.string(), ts: z.string() }),
    () => ['chat:write'],
    ({ channel, ts }, workspace) => {
      if (!workspace.channel(channel)) return refused('channel_not_found')
      return workspace.remove(channel, ts) ? { ok: true, channel, ts } : refused('message_not_found')
    },
  ),

  'chat.getPermalink': method(
    [],
    z.strictObject({ channel: z.string(), message_ts: z.string() }),
    () => [],
    ({ channel, message_ts }, workspace) => {
      if (!workspace.channel(channel)) return refused('channel_not_found')
      const found = workspace.messages().some((message) => message.channel === channel && message.ts === message_ts)
      if (!found) return refused('message_not_found')
      const permalink = `${identity.url}archives/${channel}/p${message_ts.replace('.', '')}`
      return { ok: true, channel, permalink }
    },
  ),
}

/** Slack's way to say no. */
export function refused(error: string, details: JsonObject = {}): Answer {
  return { ok: false, error, ...details }
}

function method<Input extends z.ZodObject>(
  scopes: readonly string[],
  input: Input,
  needs: (args: z.output<Input>, workspace: Workspace) => string[],
  run: (args: z.output<Input>, workspace: Workspace) => Answer,
): Method {
  return { scopes, input, needs: needs as Method['needs'], run: run as Method['run'] }
}

/** A private channel exists for its members alone. */
function isHidden(channel: EmulatedChannel): boolean {
  return channel.private === true && channel.foreign === true
}

function visible(channel: EmulatedChannel | undefined): EmulatedChannel | undefined {
  return channel && !isHidden(channel) ? channel : undefined
}

/** A page of a list; its cursor is opaque, as Slack's is. Undefined for a cursor that was never given out. */
function pageOf<T>(items: T[], limit: number, cursor: string | undefined): { items: T[]; next: string } | undefined {
  const start = cursor ? Number(/^from:(\d+)$/.exec(Buffer.from(cursor, 'base64').toString())?.[1] ?? Number.NaN) : 0
  if (Number.isNaN(start)) return undefined
  const end = start + limit
  return {
    items: items.slice(start, end),
    next: end < items.length ? Buffer.from(`from:${end}`).toString('base64') : '',
  }
}

function toConversation({ id, name, private: secret = false, archived = false, foreign = false }: EmulatedChannel) {
  return { id, name, is_channel: true, is_private: secret, is_archived: archived, is_member: !foreign }
}

function toMessage({ ts, text, metadata }: EmulatedMessage, withMetadata: boolean) {
  const { user_id: user, bot_id, team_id: team } = identity
  return { type: 'message', user, bot_id, team, ts, text, ...(withMetadata && metadata && { metadata }) }
}
