import { once } from 'node:events'
import type { AddressInfo, Server } from 'node:net'
import { openStore } from './json-store.ts'

/**
 * Lets a server listen on 127.0.0.1, on the port that it had before by the word of a file: whoever knows its address finds
 * it there again after a restart. On a free port where it had none, or another program has that one now. Returns the port.
 */
export async function listenSteadily(server: Server, file: string): Promise<number> {
  const before = openStore(file, { port: 0 })
  try {
    await listen(server, before.state.port)
  } catch (error) {
    if (!isTaken(error)) throw error
    await listen(server, 0)
  }
  const { port } = server.address() as AddressInfo
  if (port !== before.state.port) {
    before.state.port = port
    before.save()
  }
  return port
}

async function listen(server: Server, port: number): Promise<void> {
  const listening = once(server, 'listening')
  server.listen(port, '127.0.0.1')
  await listening
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
}
