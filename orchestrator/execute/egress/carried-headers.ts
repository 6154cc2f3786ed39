import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { scrubWhole } from './scrub-stream.ts'

/** Of one connection, or of the connection to us: none of them may be carried on. */
const ofTheConnection = new Set([
  'connection',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** With these a request would be another one than the method and the path that were checked. */
const disguises = new Set([
  'x-forwarded-host',
  'x-forwarded-prefix',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-original-url',
  'x-rewrite-url',
])

/** Where vendors take credentials. */
const ofCredentials = new Set(['authorization', 'cookie', 'x-api-key', 'api-key', 'x-auth-token', 'x-access-token'])

/** Whether a request has a body, by the only two headers that may say so. */
export function hasBody({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
}

/**
 * The headers of a server's request as they go out: with a `credentials` header of ours, whatever the server set as a
 * credential itself is left out. How the body is framed is said anew, whatever the request's other headers claim of it.
 */
export function requestHeaders(
  request: Pick<IncomingMessage, 'headers'>,
  credentials: readonly (readonly [name: string, value: string])[],
): OutgoingHttpHeaders {
  const { headers } = request
  const named = connectionNames(headers.connection)
  const ours = new Set(credentials.map(([name]) => name))
  const outgoing: OutgoingHttpHeaders = {}
  for (const [name, value] of Object.entries(headers)) {
    // Some servers read `x_api_key` as `x-api-key`.
    const read = name.replaceAll('_', '-')
    if (ofTheConnection.has(read) || disguises.has(read) || named.has(name) || ours.has(read)) continue
    if (credentials.length === 0 || !ofCredentials.has(read)) outgoing[name] = value
  }
  for (const [name, value] of credentials) outgoing[name] = value
  // A body that is scrubbed has to be read; `identity` spares us a decoder.
  if (credentials.length > 0) outgoing['accept-encoding'] = 'identity'
  if (headers['content-length'] !== undefined) outgoing['content-length'] = headers['content-length']
  else if (hasBody(request)) outgoing['transfer-encoding'] = 'chunked'
  return outgoing
}

/** The headers of an answer as the server gets them: without secrets, and with no length, because scrubbing changes it. */
export function responseHeaders(headers: IncomingHttpHeaders, forms: readonly string[]): OutgoingHttpHeaders {
  const named = connectionNames(headers.connection)
  const dropped = forms.length > 0 ? ofScrubbedBody : ofEveryBody
  const outgoing: OutgoingHttpHeaders = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || ofTheConnection.has(name) || named.has(name) || dropped.has(name)) continue
    if (scrubWhole(name, forms) !== name) continue
    outgoing[name] = Array.isArray(value) ? value.map((each) => scrubWhole(each, forms)) : scrubWhole(value, forms)
  }
  return outgoing
}

const ofEveryBody = new Set(['alt-svc', 'location', 'refresh'])
/** A digest of the body would tell what was taken out of it, and a cookie is a credential of the vendor's. */
const ofScrubbedBody = new Set([
  ...ofEveryBody,
  'content-digest',
  'content-encoding',
  'content-length',
  'content-md5',
  'digest',
  'repr-digest',
  'set-cookie',
])

function connectionNames(connection: string | undefined): Set<string> {
  return new Set(connection?.split(',').map((name) => name.trim().toLowerCase()))
}
