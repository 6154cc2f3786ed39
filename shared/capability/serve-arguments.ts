import { parseArgs } from 'node:util'

/** How a server is to be reached; `http` is a port, 0 for any free one. */
export interface ServeOptions {
  http?: number
}

/** Reads `[--http [PORT]]`. Throws with the usage on anything else. */
export function parseServeArguments(args: string[]): ServeOptions {
  const usage = 'usage: [--http [PORT]]; without --http the server speaks over stdin and stdout'
  let parsed: { values: { http?: boolean }; positionals: string[] }
  try {
    parsed = parseArgs({ args, options: { http: { type: 'boolean' } }, allowPositionals: true })
  } catch (cause) {
    throw new Error(usage, { cause })
  }
  const [port, ...rest] = parsed.positionals
  if (!parsed.values.http && port === undefined) return {}
  if (!parsed.values.http || rest.length > 0) throw new Error(usage)
  const http = Number(port ?? 0)
  if (!Number.isInteger(http) || http < 0 || http > 65_535)
    throw new Error(`${usage}\nPORT must be between 0 and 65535`)
  return { http }
}
