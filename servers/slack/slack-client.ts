import { type FetchFunction, type Logger, LogLevel, WebClient } from '@slack/web-api'
import { slackFailure } from './slack-failure.ts'

/** The workspace, behind one app's bot token. */
export interface Slack {
  /** Asks; a lost reply is `unavailable`, because asking again does no harm. */
  read<T>(signal: AbortSignal, ask: (api: WebClient) => Promise<T>): Promise<T>
  /** Changes something; a lost reply is uncertain. */
  change<T>(signal: AbortSignal, make: (api: WebClient) => Promise<T>): Promise<T>
}

/** Opens Slack's own client without its retries: whether and when to repeat is the caller's decision. */
export function openSlack(apiUrl: string, token: string): Slack {
  const attempt = async <T>(signal: AbortSignal, changes: boolean, use: (api: WebClient) => Promise<T>): Promise<T> => {
    try {
      return await use(clientFor(apiUrl, token, signal))
    } catch (error) {
      throw slackFailure(error, changes)
    }
  }
  return {
    read: (signal, ask) => attempt(signal, false, ask),
    change: (signal, make) => attempt(signal, true, make),
  }
}

/** A client whose requests end with the call: Slack's client takes no signal, but it takes a `fetch`. It holds no connection. */
function clientFor(apiUrl: string, token: string, signal: AbortSignal): WebClient {
  const fetchUntilAborted: FetchFunction = (url, init) =>
    fetch(url, { ...init, signal: init?.signal ? AbortSignal.any([init.signal, signal]) : signal })
  return new WebClient(token, {
    slackApiUrl: apiUrl,
    fetch: fetchUntilAborted,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    allowAbsoluteUrls: false,
    logger: errorsToStderr(),
  })
}

/** stdout belongs to the protocol, and what the client warns of comes back as a failure anyway. */
function errorsToStderr(): Logger {
  const silent = (): void => undefined
  return {
    debug: silent,
    info: silent,
    warn: silent,
    error: (...parts: unknown[]) => void process.stderr.write(`slack: ${parts.join(' ')}\n`),
    setLevel: silent,
    getLevel: () => LogLevel.ERROR,
    setName: silent,
  }
}
