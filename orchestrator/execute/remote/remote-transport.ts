import {
  type FetchLike,
  isJSONRPCErrorResponse,
  isJSONRPCRequest,
  isJSONRPCResultResponse,
  type JSONRPCMessage,
  SdkError,
  SdkErrorCode,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client'
import type { Carrier } from '../carrier.ts'
import { RemoteError } from './remote-error.ts'

type Id = string | number
/** The SDK's own type of it was not written for `exactOptionalPropertyTypes`. */
type SendOptions = NonNullable<Parameters<StreamableHTTPClientTransport['send']>[1]>

/**
 * MCP over Streamable HTTP. A stream that ends without the answer to its call is taken up again where the server numbers its
 * events (2025-11-25), which sends nothing a second time. Any other is told as a lost reply at once, rather than at the
 * deadline: whether the call happened is found out by the means that every lost reply has.
 */
export class RemoteTransport implements Carrier {
  onclose?: () => void
  onerror?: (error: Error) => void
  onmessage?: (message: JSONRPCMessage) => void
  /** For the SDK: each request has a stream of its own, whose end cancels it. */
  readonly hasPerRequestStream = true
  readonly gone = Promise.resolve()

  readonly #server: string
  readonly #inner: StreamableHTTPClientTransport
  readonly #answered = new Map<Id, () => void>()
  #ending: string | undefined
  #closed = false

  constructor(server: string, url: URL, fetch: FetchLike) {
    this.#server = server
    this.#inner = new StreamableHTTPClientTransport(url, {
      fetch,
      // After the pause that the server asks for, where it asks for one.
      reconnectionOptions: {
        maxRetries: 3,
        initialReconnectionDelay: 500,
        maxReconnectionDelay: 2_000,
        reconnectionDelayGrowFactor: 2,
      },
    })
    this.#inner.onmessage = (message) => this.#take(message)
    this.#inner.onerror = (error) => this.onerror?.(error)
    this.#inner.onclose = () => this.#end()
  }

  get isOpen(): boolean {
    return !this.#closed && this.#ending === undefined
  }

  get ending(): string | undefined {
    return this.#ending
  }

  get sessionId(): string | undefined {
    return this.#inner.sessionId
  }

  /** No process of ours: it is found by the SDK's test for a pipe, so the property itself must not be there. */
  processId(): undefined {
    return undefined
  }

  lastWords(): string[] {
    return []
  }

  setProtocolVersion(version: string): void {
    this.#inner.setProtocolVersion(version)
  }

  start(): Promise<void> {
    return this.#inner.start()
  }

  async send(message: JSONRPCMessage, options: SendOptions = {}): Promise<void> {
    if (!this.isOpen) throw new SdkError(SdkErrorCode.NotConnected, 'the connection was closed')
    if (!isJSONRPCRequest(message) || message.method !== 'tools/call') return this.#inner.send(message, options)
    const { id } = message
    const over = Promise.withResolvers<void>()
    this.#answered.set(id, over.resolve)
    options.requestSignal?.addEventListener('abort', () => this.#answered.delete(id), { once: true })
    try {
      await this.#inner.send(message, { ...options, onRequestStreamEnd: over.resolve })
      await over.promise
    } catch (error) {
      this.#answered.delete(id)
      // Whoever waits for the answer is told why first: an end alone would leave open whether the call happened.
      if (error instanceof RemoteError && error.sessionGone) setImmediate(() => this.fail('forgot its session'))
      throw error instanceof RemoteError || error instanceof SdkError ? error : replyLost(this.#server, error)
    }
    if (this.#answered.delete(id)) throw replyLost(this.#server)
  }

  fail(reason: string): void {
    if (!this.isOpen) return
    this.#ending = reason
    void this.#inner.close()
  }

  async close(): Promise<void> {
    if (!this.#closed) await this.#inner.close()
  }

  #take(message: JSONRPCMessage): void {
    this.onmessage?.(message)
    if (!isJSONRPCResultResponse(message) && !isJSONRPCErrorResponse(message)) return
    const { id } = message
    if (id === undefined || id === null) return
    const answered = this.#answered.get(id)
    this.#answered.delete(id)
    answered?.()
  }

  #end(): void {
    if (this.#closed) return
    this.#closed = true
    this.onclose?.()
  }
}

function replyLost(server: string, cause?: unknown): RemoteError {
  return new RemoteError(`${server} broke off before it answered`, {
    mayHaveHappened: true,
    kind: 'unavailable',
    evidence: 'failed',
    cause,
  })
}
