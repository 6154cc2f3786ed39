import { randomBytes } from 'node:crypto'
import type { Writable } from 'node:stream'
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio'
import type { McpCaller } from './backend.ts'
import { buildRemitServer, type RemitServerOptions } from './build-remit-server.ts'

export interface RemitStdioOptions extends Omit<RemitServerOptions, 'callerOf' | 'stateKey'> {
  /** Whoever started this process. */
  caller: McpCaller
  /** Where the protocol goes: nothing else may be written there. */
  out: Writable
}

export interface RemitOnStdio {
  /** Resolves when the client has gone. */
  ended: Promise<void>
  close(): Promise<void>
}

/** Serves Remit as an MCP server over stdin and an output, for both protocol eras, until it is closed. */
export function serveRemitStdio({ caller, out, ...options }: RemitStdioOptions): RemitOnStdio {
  const build = buildRemitServer({ ...options, callerOf: () => caller, stateKey: randomBytes(32) })
  const ended = Promise.withResolvers<void>()
  for (const over of ['end', 'close']) process.stdin.once(over, () => ended.resolve())
  const { close } = serveStdio(build, {
    onerror: (error) => options.onDefect('protocol', error),
    transport: new StdioServerTransport(process.stdin, out),
  })
  return { ended: ended.promise, close }
}
