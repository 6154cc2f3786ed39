import type { Readable, Writable } from 'node:stream'
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio'
import { type FrontOptions, front } from './front.ts'

/** A host's connection over stdio. */
export interface ServedFront {
  /** Resolves when the host has gone. */
  ended: Promise<void>
  close(): Promise<void>
}

/** Serves a host on a pair of streams, in whichever protocol era it opens with. */
export function serveFront(
  options: FrontOptions & { input: Readable; output: Writable; onFault(message: string): void },
): ServedFront {
  const { input, output, onFault } = options
  const ended = new Promise<void>((resolve) => {
    input.once('end', resolve).once('close', resolve)
    output.once('error', resolve)
  })
  const served = serveStdio(front(options), {
    transport: new StdioServerTransport(input, output),
    onerror: (error) => onFault(error.message),
  })
  return { ended, close: () => served.close() }
}
