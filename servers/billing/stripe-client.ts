import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import Stripe from 'stripe'

/** What the tools call. */
export interface BillingClient {
  stripe: Stripe
  close(): void
}

/** Opens the Stripe SDK on a base URL (a path in it is kept) with every retry off: the runtime owns retry. */
export function openStripe({ baseUrl, apiKey }: { baseUrl: string; apiKey: string }): BillingClient {
  const { protocol, hostname, port, pathname } = new URL(baseUrl)
  const secure = protocol === 'https:'
  const agent = secure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true })
  const stripe = new Stripe(apiKey, {
    protocol: secure ? 'https' : 'http',
    host: hostname,
    port: port || (secure ? 443 : 80),
    httpClient: new SingleAttemptClient(Stripe.createNodeHttpClient(agent), pathname.replace(/\/$/, '')),
    maxNetworkRetries: 0,
    telemetry: false,
    appInfo: { name: 'remit-billing' },
  })
  return { stripe, close: () => agent.destroy() }
}

type HttpClient = ReturnType<typeof Stripe.createNodeHttpClient>

/**
 * Sends each request once, and takes nothing for Stripe's answer that Stripe did not write. With `maxNetworkRetries: 0` the SDK still repeats a request whose connection was closed, by
 * the error's code (ECONNRESET, EPIPE), though Stripe may have acted on it. Only the runtime may decide on a repeat, so
 * the code is kept out of the SDK's sight, in `cause`.
 */
class SingleAttemptClient implements HttpClient {
  readonly #inner: HttpClient
  readonly #basePath: string

  constructor(inner: HttpClient, basePath: string) {
    this.#inner = inner
    this.#basePath = basePath
  }

  getClientName(): string {
    return this.#inner.getClientName()
  }

  async makeRequest(...[host, port, path, ...rest]: Parameters<HttpClient['makeRequest']>) {
    try {
      return asStripes(await this.#inner.makeRequest(host, port, this.#basePath + path, ...rest))
    } catch (error) {
      if (!Stripe.HttpClient.CONNECTION_CLOSED_ERROR_CODES.includes(codeOf(error))) throw error
      throw new Error('the connection to Stripe was closed', { cause: error })
    }
  }
}

/** The code of an error that stands for an answer which Stripe did not write. */
export const notStripes = 'not_stripe'

type HttpResponse = Awaited<ReturnType<HttpClient['makeRequest']>>

/**
 * Stripe names the kind of every `object` that it answers, and says `error` where it refuses. The SDK looks for `error`
 * alone, whatever the status: the JSON of a proxy between here and Stripe, which says that nobody can be reached, would be
 * a success to it. Such an answer becomes an error with its own status and the code {@link notStripes}.
 */
function asStripes(response: HttpResponse): HttpResponse {
  const toJSON = response.toJSON.bind(response)
  response.toJSON = async () => {
    const answer: unknown = await toJSON()
    const isStripes = response.getStatusCode() < 400 ? isObject(answer) : isRefusal(answer)
    return isStripes ? answer : { error: { type: 'api_error', code: notStripes } }
  }
  return response
}

function isObject(answer: unknown): boolean {
  return typeof Object(answer).object === 'string'
}

/** To the SDK an `error` that is empty is none, and one that is a word is of OAuth, which no request here is about. */
function isRefusal(answer: unknown): boolean {
  const { error } = Object(answer)
  return typeof error === 'object' && error !== null && typeof error.type === 'string'
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
