import pino, { type DestinationStream, type Logger } from 'pino'
import { isJsonObject, type JsonObject } from '../json.ts'
import type { AnyServer } from './define-server.ts'

/** A server's log: JSON lines on stderr, because stdout belongs to the protocol. */
export type Log = Logger

/** Opens the log of a server; the values of its credentials are cut out of every line, wherever they come from. */
export function openLog(
  server: AnyServer,
  environment: Record<string, unknown>,
  destination: DestinationStream = pino.destination({ fd: 2, sync: true }),
): Log {
  const secrets = Object.keys(server.credentials ?? {}).flatMap((variable) => secretForms(environment[variable]))
  const streamWrite = (line: string): string => hide(line, secrets)
  return pino({ base: { server: server.name }, hooks: { streamWrite } }, destination)
}

/** W3C trace context of a request, for the log's lines. */
export function traceOf(meta: unknown): { traceparent?: string } {
  const traceparent = isJsonObject(meta) ? meta.traceparent : undefined
  return typeof traceparent === 'string' ? { traceparent } : {}
}

/** An error for a log line, with the given texts (a call's sensitive arguments) cut out of it. */
export function describeError(error: unknown, secrets: string[]): JsonObject {
  const { name, message, stack = '', cause } = error instanceof Error ? error : new Error(String(error))
  return {
    type: name,
    message: hide(message, secrets),
    stack: hide(stack, secrets),
    ...(cause !== undefined && { cause: hide(String(cause), secrets) }),
  }
}

function hide(text: string, secrets: string[]): string {
  return secrets.reduce((kept, secret) => kept.replaceAll(secret, '[redacted]'), text)
}

const shortestSecret = 4

/** A credential as it can turn up in a line: whole, as the password of a URL, decoded, and with JSON's escapes. */
function secretForms(value: unknown): string[] {
  if (typeof value !== 'string') return []
  const password = URL.canParse(value) ? new URL(value).password : ''
  return [value, password, decoded(password)]
    .flatMap((form) => [form, JSON.stringify(form).slice(1, -1)])
    .filter((form) => form.length >= shortestSecret)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
