import { parseArgs } from 'node:util'

/** How a server is to be reached: over stdio where there is no `http`, which is a port, 0 for any free one. */
export interface ServeOptions {
  http?: number
  /** The address to listen on, where it is not loopback's. */
  host?: string
  /** How long calls in flight may take when the server is told to stop, where it is not the default. */
  drainMs?: number
  /** Whether 2025-era clients get sessions. */
  sessions?: boolean
}

const usage =
  'usage: [--stdio | --http [PORT] [--host ADDRESS] [--drain SECONDS] [--sessions]]; over stdin and stdout unless --http or the ' +
  'variable PORT is there; without --host the server listens on 127.0.0.1'

/**
 * Reads the arguments of a server, and the variable PORT, by which the platforms that run containers say where to listen.
 * `--stdio` insists on stdio where a host passes on such a variable by accident. Throws with the usage on anything else.
 */
export function parseServeArguments(args: string[], portVariable?: string): ServeOptions {
  const { values, positionals } = parsed(args)
  const { stdio, host, drain, sessions } = values
  const [port, ...rest] = positionals
  const wantsHttp = values.http || (!stdio && Boolean(portVariable))
  const isAboutHttp = port !== undefined || host !== undefined || drain !== undefined || sessions === true
  if (rest.length > 0 || host === '' || (port !== undefined && !values.http)) throw new Error(usage)
  if (stdio ? values.http || isAboutHttp : isAboutHttp && !wantsHttp) throw new Error(usage)
  if (!wantsHttp) return {}
  return {
    http: numberIn(port ?? (portVariable || '0'), 'PORT', 65_535),
    ...(host !== undefined && { host }),
    ...(drain !== undefined && { drainMs: numberIn(drain, 'SECONDS', 3_600) * 1_000 }),
    ...(sessions && { sessions }),
  }
}

function parsed(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        stdio: { type: 'boolean' },
        http: { type: 'boolean' },
        host: { type: 'string' },
        drain: { type: 'string' },
        sessions: { type: 'boolean' },
      },
      allowPositionals: true,
    })
  } catch (cause) {
    throw new Error(usage, { cause })
  }
}

function numberIn(text: string, what: string, most: number): number {
  const number = Number(text)
  if (text.trim() !== '' && Number.isInteger(number) && number >= 0 && number <= most) return number
  throw new Error(`${usage}\n${what} must be a whole number from 0 to ${most}`)
}
