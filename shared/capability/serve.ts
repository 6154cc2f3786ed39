import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio'
import { CapabilityError } from '../failure.ts'
import { buildMcpServer } from './build-mcp-server.ts'
import { type CallGate, callGate } from './call-gate.ts'
import type { CallSpans } from './call-spans.ts'
import { openDataFolder } from './data-folder.ts'
import type { AnyServer } from './define-server.ts'
import { endpointPlacesVariable, readEndpointPlaces } from './endpoint-places.ts'
import { defaultHttpLimits } from './http-limits.ts'
import { type Log, openLog } from './log.ts'
import { EnvironmentError, readEnvironment } from './read-environment.ts'
import { reserveStdout } from './reserve-stdout.ts'
import { parseServeArguments } from './serve-arguments.ts'
import { serveHttp } from './serve-http.ts'
import { openSession } from './session.ts'
import { openTokenKeys } from './token-keys.ts'

/** Exit code for a wrong environment or wrong arguments. */
const badUsage = 2
const longestGoodbyeMs = 2_000

/**
 * Serves a capability server as this process: over stdio, or over Streamable HTTP with `--http [PORT] [--host ADDRESS]
 * [--sessions]` or where PORT is set. Where variables are missing it lists its tools all the same, and refuses calls.
 * REMIT_TOKEN_KEYS names the keys that requests' tokens are checked with; without it only loopback is listened on. Ends on
 * SIGTERM and SIGINT, over HTTP after the calls in flight (`--drain SECONDS`), and over stdio when stdin closes, because that
 * is how a parent's death shows.
 */
export async function serve(definition: AnyServer): Promise<void> {
  const protocolOut = reserveStdout()
  const options = orExit(() => parseServeArguments(process.argv.slice(2), process.env.PORT))
  const { server, environment } = orExit(() => configured(definition, process.env))
  const launched = process.env.REMIT_LAUNCHED === '1'
  const dataFolder = orExit(() => openDataFolder(server.name, process.env.REMIT_SERVER_DATA))
  const places = orExit(() => readEndpointPlaces(process.env[endpointPlacesVariable]))
  const gate = orExit(() => gateOf(server, process.env.REMIT_TOKEN_KEYS))
  const log = openLog(server, environment)
  endOnDefect(log)
  if (!launched) log.warn('started by hand: no sandbox and no record. `remit serve` gives both')
  if (!process.env.REMIT_SERVER_DATA)
    log.info({ dataFolder }, 'REMIT_SERVER_DATA is not set: data is kept in a default folder')

  const session = openSession(server, environment, dataFolder, places)
  const spans = await spansOf(server, process.env.OTEL_EXPORTER_OTLP_ENDPOINT)
  const build = buildMcpServer(server, session, log, spans)
  const onerror = (error: Error): void => log.warn({ err: error }, 'protocol error')
  const drainMs = options.drainMs ?? defaultHttpLimits.drainMs
  const limits = { drainMs, ...(server.concurrency !== undefined && { calls: server.concurrency }) }
  const patienceMs = longestGoodbyeMs + (options.http === undefined ? 0 : drainMs)
  const stop = stopOnce(log, patienceMs, async () => {
    await listening.close()
    await Promise.all([session.close(), spans?.close()])
  })
  const listening =
    options.http === undefined
      ? serveStdio(build, { onerror, transport: new StdioServerTransport(process.stdin, protocolOut) })
      : await serveHttp(build, { ...options, port: options.http, gate, limits, onerror }).catch(exitWith)
  if ('url' in listening) process.stderr.write(`${server.name} listens on ${listening.url}\n`)

  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  if (options.http === undefined) process.stdin.on('end', stop).on('close', stop)
  else if (launched) process.stdin.on('end', stop).on('close', stop).resume()
}

function orExit<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    return exitWith(error)
  }
}

function exitWith(error: unknown): never {
  if (!(error instanceof Error)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exit(badUsage)
}

/** The server with its environment; one that lacks variables can be looked at, and says what it lacks where it is to connect. */
function configured(server: AnyServer, env: NodeJS.ProcessEnv) {
  try {
    return { server, environment: readEnvironment(server, env) }
  } catch (error) {
    if (!(error instanceof EnvironmentError && error.isOnlyMissing)) throw error
    process.stderr.write(`${error.message}\n  Its tools are listed, and every call is refused.\n`)
    const connect = (): never => {
      throw new CapabilityError('unauthorized', error.message)
    }
    return { server: { ...server, connect }, environment: {} }
  }
}

/** OpenTelemetry is loaded only where somebody wants it. */
async function spansOf({ name }: AnyServer, endpoint: string | undefined): Promise<CallSpans | undefined> {
  if (!endpoint) return undefined
  const { openCallSpans } = await import('./call-spans.ts')
  return openCallSpans(name, endpoint)
}

function gateOf({ name }: AnyServer, keys: string | undefined): CallGate | undefined {
  return keys ? callGate({ audience: name, keys: openTokenKeys(keys) }) : undefined
}

/** Says goodbye once and exits, even where a vendor's connection does not want to close. */
function stopOnce(log: Log, patienceMs: number, close: () => Promise<void>): () => void {
  let stopping = false
  return () => {
    if (stopping) return
    stopping = true
    setTimeout(() => process.exit(0), patienceMs)
    close()
      .catch((error: unknown) => log.warn({ err: error }, 'could not close cleanly'))
      .finally(() => process.exit(0))
  }
}

/** Node's own report of a crash would print the error as it is; the log cuts credentials out of it. */
function endOnDefect(log: Log): void {
  const end = (error: unknown): void => {
    log.fatal({ err: error }, 'ended by a defect')
    process.exit(1)
  }
  process.on('uncaughtException', end)
  process.on('unhandledRejection', end)
}
