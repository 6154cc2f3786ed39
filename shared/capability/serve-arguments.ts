import { parseArgs } from 'node:util'

/** How a server is to be reached; `http` is a port, 0 for any free one. */
export interface ServeOptions {
  http?: number
  /** The address to listen on, where it is not loopback's. */
  host?: string
  /** Whether 2025-era clients get sessions. */
  sessions?: boolean
}

/** Reads `[--http [PORT] [--host ADDRESS] [--sessions]]`. Throws with the usage on anything else. */
export function parseServeArguments(args: string[]): ServeOptions {
  const usage =
    'usage: [--http [PORT] [--host ADDRESS] [--sessions]]; without --http the server speaks over stdin and stdout, and without --host it listens on 127.0.0.1'
  let parsed: { values: { http?: boolean; host?: string; sessions?: boolean }; positionals: string[] }
  try {
    parsed = parseArgs({
      args,
      options: { http: { type: 'boolean' }, host: { type: 'string' }, sessions: { type: 'boolean' } },
      allowPositionals: true,
    })
  } catch (cause) {
    throw new Error(usage, { cause })
  }
  const { host, sessions } = parsed.values
  const [port, ...rest] = parsed.positionals
  if (!parsed.values.http && port === undefined && host === undefined && sessions === undefined) return {}
  if (!parsed.values.http || host === '' || rest.length > 0) throw new Error(usage)
  const http = Number(port ?? 0)
  if (!Number.isInteger(http) || http < 0 || http > 65_535)
    throw new Error(`${usage}\nPORT must be between 0 and 65535`)
  return { http, ...(host !== undefined && { host }), ...(sessions && { sessions }) }
}
