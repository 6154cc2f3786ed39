import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { openStore } from '../../../shared/capability/emulator.ts'
import type { JsonObject } from '../../../shared/capability/index.ts'

export interface EmulatedChannel {
  id: string
  name: string
  /** Seen by its members alone. */
  private?: boolean | undefined
  /** Takes no more messages. */
  archived?: boolean | undefined
  /** The app is not a member. */
  foreign?: boolean | undefined
}

export interface EmulatedMessage {
  channel: string
  ts: string
  text: string
  metadata?: { event_type: string; event_payload: JsonObject } | undefined
}

interface State {
  token: string
  /** Further tokens → their scopes. */
  tokens: Record<string, string[]>
  channels: EmulatedChannel[]
  messages: EmulatedMessage[]
  /** Microseconds of the newest time stamp ever given, so that none is given twice. */
  lastTs: number
}

/** Who the emulated app is. */
export const identity = {
  team: 'Remit emulator',
  team_id: 'T0EMULATED',
  user: 'remit',
  user_id: 'U0EMULATED',
  bot_id: 'B0EMULATED',
  url: 'https://emulated.slack.example/',
}

/** One Slack workspace, at first with a few public channels, kept in a file. */
export interface Workspace {
  /** The app's own token, which has every scope. */
  token: string
  /** The scopes of a token; undefined for one that is not of this workspace. */
  scopesOf(token: unknown): string[] | 'all' | undefined
  /** Makes a token that has only these scopes. */
  addToken(scopes: string[]): string
  channels(): EmulatedChannel[]
  /** Makes a channel, whatever was there before. */
  addChannel(channel: Omit<EmulatedChannel, 'id'>): EmulatedChannel
  messages(): EmulatedMessage[]
  /** Finds by id, and where `byName` is given, as in chat.postMessage, by `#name` or `name` too. */
  channel(wanted: string, byName?: 'byName'): EmulatedChannel | undefined
  post(message: Omit<EmulatedMessage, 'ts'>): EmulatedMessage
  remove(channel: string, ts: string): boolean
}

/** Opens the workspace of the folder; its bot token is made on the first start. */
export function openWorkspace(dataFolder: string, now: () => number = Date.now): Workspace {
  const store = openStore<State>(join(dataFolder, 'workspace.json'), {
    token: newToken(),
    tokens: {},
    channels: [
      { id: 'C0CUSTOMERS', name: 'customers' },
      { id: 'C0OPERATIONS', name: 'operations' },
      { id: 'C0GENERAL', name: 'general' },
    ],
    messages: [],
    lastTs: 0,
  })
  // A workspace of an earlier version has no further tokens.
  store.state.tokens ??= {}
  store.save()
  const { state } = store
  return {
    token: state.token,
    scopesOf: (token) => (token === state.token ? 'all' : state.tokens[String(token)]),
    addToken(scopes) {
      const token = newToken()
      state.tokens[token] = scopes
      store.save()
      return token
    },
    channels: () => state.channels,
    addChannel(given) {
      const channel = { id: `C0${randomBytes(5).toString('hex').toUpperCase()}`, ...given }
      state.channels.push(channel)
      store.save()
      return channel
    },
    messages: () => state.messages,
    channel: (wanted, byName) =>
      state.channels.find(({ id, name }) => id === wanted || (byName && name === wanted.replace(/^#/, ''))),
    post(message) {
      state.lastTs = Math.max(now() * 1000, state.lastTs + 1)
      const digits = String(state.lastTs)
      const posted = { ...message, ts: `${digits.slice(0, -6)}.${digits.slice(-6)}` }
      state.messages.push(posted)
      store.save()
      return posted
    },
    remove(channel, ts) {
      const index = state.messages.findIndex((message) => message.channel === channel && message.ts === ts)
      if (index < 0) return false
      state.messages.splice(index, 1)
      store.save()
      return true
    },
  }
}

function newToken(): string {
  return `xoxb-emulated-${randomBytes(18).toString('hex')}`
}
