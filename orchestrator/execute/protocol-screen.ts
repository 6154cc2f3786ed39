import {
  isJSONRPCErrorResponse,
  isJSONRPCNotification,
  isJSONRPCRequest,
  isJSONRPCResultResponse,
  type JSONRPCMessage,
} from '@modelcontextprotocol/client'
import { isJsonObject, type JsonObject } from '../../shared/json.ts'
import type { LongLine } from './split-lines.ts'

/** The code of an error that stands in for an answer which cannot be used, so that its call ends now and not at its deadline. */
export const unusableAnswer = -32_098

/** What a line from a server comes to. */
export interface Screened {
  /** What the client is to see. */
  message?: JSONRPCMessage
  /** How the line breaks the protocol, in words of our own. */
  fault?: string
  /** Nobody asked for it: it counts against what the server may say of itself. */
  unasked: boolean
}

/** Stands between a server's stdout and the client: only answers to what was asked, once each, and whole messages get through. */
export interface ProtocolScreen {
  /** Takes note of a message on its way to the server. */
  sent(message: JSONRPCMessage): void
  read(line: string, bytes: number): Screened
  readLong(line: LongLine): Screened
}

type Id = string | number

/** Abandoned requests whose late answers are no fault; a server that honours a cancellation never sends one. */
const rememberedAbandoned = 1_000

/** `unaskedBytes` bounds what nobody asked for; `canAnswer` is false while a request of the server's own could not be answered. */
export function screenProtocol(options: { unaskedBytes: number; canAnswer: () => boolean }): ProtocolScreen {
  const pending = new Set<Id>()
  const abandoned = new Set<Id>()

  function abandon(id: Id): void {
    if (!pending.delete(id)) return
    abandoned.add(id)
    const [oldest] = abandoned
    if (abandoned.size > rememberedAbandoned && oldest !== undefined) abandoned.delete(oldest)
  }

  function answer(message: JsonObject): Screened {
    const id = message.id as Id
    if (!pending.delete(id)) {
      return abandoned.delete(id) ? { unasked: true } : fault('an answer to nothing that was asked')
    }
    if (isJSONRPCResultResponse(message) || isJSONRPCErrorResponse(message)) return { message, unasked: false }
    return { ...fault('an answer that is no JSON-RPC'), message: unusable(id, 'it is no JSON-RPC answer') }
  }

  function unasked(message: JsonObject, bytes: number): Screened {
    if (bytes > options.unaskedBytes) return fault(`a message of ${bytes} bytes that nobody asked for`)
    if (isJSONRPCNotification(message)) return { message, unasked: true }
    if (!isJSONRPCRequest(message)) return fault('a message that is no JSON-RPC')
    // Its answer would wait in memory: a server that asks without listening would fill it.
    return options.canAnswer() ? { message, unasked: true } : fault('a request, while it did not read what it was sent')
  }

  return {
    sent(message) {
      if (!('method' in message)) return
      if ('id' in message) pending.add(message.id)
      else if (message.method === 'notifications/cancelled') abandon(message.params?.requestId as Id)
    },
    read(line, bytes) {
      let message: unknown
      try {
        message = JSON.parse(line)
      } catch {
        return fault('a line that is no JSON')
      }
      if (!isJsonObject(message)) return fault('a line that is no JSON object')
      return Object.hasOwn(message, 'method') ? unasked(message, bytes) : answer(message)
    },
    readLong(line) {
      const id = idOfLong(line)
      const what = `a line of ${line.bytes} bytes`
      if (id === undefined || !pending.delete(id)) return fault(what)
      return { ...fault(what), message: unusable(id, `it has ${line.bytes} bytes`) }
    },
  }
}

function fault(what: string): Screened {
  return { fault: what, unasked: true }
}

function unusable(id: Id, why: string): JSONRPCMessage {
  return { jsonrpc: '2.0', id, error: { code: unusableAnswer, message: why } }
}

const version = '"jsonrpc"\\s*:\\s*"2\\.0"'
const numericId = '"id"\\s*:\\s*(\\d{1,15})'
const atHead = new RegExp(`^\\s*\\{\\s*(?:${version}\\s*,\\s*)?${numericId}\\s*,`)
const atTail = new RegExp(`,\\s*(?:${version}\\s*,\\s*)?${numericId}\\s*(?:,\\s*${version}\\s*)?\\}\\s*$`)

/** The id of an answer too long to parse. In JSON a member beside either outermost brace is one of the message itself. */
function idOfLong({ head, tail }: LongLine): number | undefined {
  const id = (atHead.exec(head) ?? atTail.exec(tail))?.[1]
  return id === undefined ? undefined : Number(id)
}
