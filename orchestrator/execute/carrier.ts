import type { JSONRPCMessage, TransportSendOptions } from '@modelcontextprotocol/client'

/** What carries a connection's messages: the stdio of a process of ours, or HTTP to a server elsewhere. */
export interface Carrier {
  onclose?: () => void
  onerror?: (error: Error) => void
  onmessage?: (message: JSONRPCMessage) => void
  /** False as soon as nothing may be sent any more. */
  readonly isOpen: boolean
  /** Why it ended, e.g. `ended with exit code 2`; undefined while it does not. */
  readonly ending: string | undefined
  /** Resolves when nothing is left of it. */
  readonly gone: Promise<void>
  /** Of a process of ours, while it runs. */
  processId(): number | undefined
  /** The last lines that the server wrote about itself, without secrets. */
  lastWords(): string[]
  start(): Promise<void>
  send(message: JSONRPCMessage, options?: TransportSendOptions): Promise<void>
  /** Gives it up at once, for a reason that will be told. */
  fail(reason: string): void
  close(): Promise<void>
}
