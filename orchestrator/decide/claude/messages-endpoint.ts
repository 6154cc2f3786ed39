import Anthropic from '@anthropic-ai/sdk'
import type { ModelEndpoint, ModelRequest, Sent } from './endpoint.ts'
import { EndpointError, endpointErrorIn, failureOf, lackIn, withoutKey } from './endpoint-failure.ts'
import { StreamedAnswer } from './streamed-answer.ts'

export interface MessagesEndpointOptions {
  apiKey: string
  /** Of a gateway or a local model; the vendor's own where it is left out. */
  baseUrl?: string
  /** How long a whole answer may take. */
  answerMs: number
  /** How long nothing may come: before the first part of an answer, and between two. */
  stallMs: number
  /** The most bytes of an answer that are read. */
  mostBytes: number
}

/** The Messages API through the vendor's SDK, which only speaks the protocol here: it does not retry, log or look at the environment. */
export function messagesEndpoint(options: MessagesEndpointOptions): ModelEndpoint {
  return { send: (request, signal) => send(request, signal, options) }
}

async function send(request: ModelRequest, signal: AbortSignal, options: MessagesEndpointOptions): Promise<Sent> {
  const { apiKey } = options
  const answer = new StreamedAnswer(request)
  const patience = new Patience(signal, options)
  try {
    const client = clientOf(options, () => patience.heard())
    const stream = await client.messages.create({ ...request, stream: true }, { signal: patience.signal })
    for await (const event of stream) {
      answer.take(event)
      // A line that stays open afterwards is no reason to wait.
      if (answer.hasEnded) break
    }
    patience.throwIfOver()
    const whole = answer.whole()
    return { ok: true, answer: { ...whole, text: withoutKey(whole.text, apiKey) } }
  } catch (error) {
    const cause = patience.reason ?? error
    // Nobody knows what became of a request that the endpoint has, and did not refuse.
    const mayCost = answer.hasBegun || endpointErrorIn(cause) !== undefined
    return {
      ok: false,
      failure: failureOf(cause, apiKey),
      lacks: lackIn(cause),
      tokens: mayCost ? answer.tokens : undefined,
    }
  } finally {
    patience.end()
  }
}

function clientOf({ apiKey, baseUrl, answerMs, mostBytes }: MessagesEndpointOptions, onBytes: () => void): Anthropic {
  return new Anthropic({
    apiKey,
    baseURL: baseUrl ?? 'https://api.anthropic.com',
    webhookKey: null,
    // The SDK sends the key as a bearer token; gateways and local models often look for it here.
    ...(baseUrl === undefined ? {} : { defaultHeaders: { 'x-api-key': apiKey } }),
    maxRetries: 0,
    timeout: answerMs,
    logLevel: 'off',
    openTelemetry: false,
    fetch: (url, init) => boundedFetch(url, init, { most: mostBytes, onBytes }),
  })
}

/** Ends a request when somebody interrupts it, when nothing comes any more, and when the whole takes too long. */
class Patience {
  reason: EndpointError | undefined
  private readonly controller = new AbortController()
  private readonly stallMs: number
  private readonly whole: NodeJS.Timeout
  private stall: NodeJS.Timeout
  private readonly interrupt: AbortSignal
  private readonly onInterrupt = () => this.give('interrupted', 'The question was interrupted')

  constructor(interrupt: AbortSignal, { answerMs, stallMs }: Pick<MessagesEndpointOptions, 'answerMs' | 'stallMs'>) {
    this.interrupt = interrupt
    this.stallMs = stallMs
    this.whole = setTimeout(() => this.give('late', `No whole answer came within ${answerMs / 1_000} s`), answerMs)
    this.stall = this.watch()
    if (interrupt.aborted) this.onInterrupt()
    else interrupt.addEventListener('abort', this.onInterrupt, { once: true })
  }

  get signal(): AbortSignal {
    return this.controller.signal
  }

  heard(): void {
    clearTimeout(this.stall)
    this.stall = this.watch()
  }

  /** An interrupted stream may end as if it were over. */
  throwIfOver(): void {
    if (this.reason) throw this.reason
  }

  end(): void {
    clearTimeout(this.stall)
    clearTimeout(this.whole)
    this.interrupt.removeEventListener('abort', this.onInterrupt)
  }

  private watch(): NodeJS.Timeout {
    return setTimeout(() => this.give('late', `Nothing came for ${this.stallMs / 1_000} s`), this.stallMs)
  }

  private give(what: 'interrupted' | 'late', message: string): void {
    this.reason ??= new EndpointError(what, message)
    this.controller.abort()
  }
}

/** Reads no more of an answer than it may be long, and takes no redirect: the key is for one host. */
async function boundedFetch(
  url: string | URL | Request,
  init: RequestInit | undefined,
  { most, onBytes }: { most: number; onBytes: () => void },
): Promise<Response> {
  const response = await fetch(url, { ...init, redirect: 'error' })
  if (response.ok) refuseOtherThanStream(response)
  if (!response.body) return response
  let read = 0
  const counted = response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        onBytes()
        read += chunk.byteLength
        if (read > most) controller.error(new EndpointError('too_large', `The answer has more than ${most} bytes`))
        else controller.enqueue(chunk)
      },
    }),
  )
  return new Response(counted, response)
}

/** An endpoint may leave out what it sends, but not say that it is something else, such as the page of a portal. */
function refuseOtherThanStream({ headers, body }: Response): void {
  const [type = ''] = (headers.get('content-type') ?? '').split(';')
  if (type === '' || type.trim().toLowerCase() === 'text/event-stream') return
  void body?.cancel()
  throw new EndpointError('no_stream', `The endpoint answered ${type.slice(0, 60)} instead of a stream of events`)
}
