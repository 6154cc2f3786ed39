import type { AnyServer } from './define-server.ts'
import type { Place } from './endpoint-places.ts'

/** A server's connection to its vendor: opened before the first call, so that tools can be listed without a vendor. */
export interface Session {
  readonly dataFolder: string
  /** The client that `connect` returned; concurrent callers share one attempt, and a failed attempt is made again. */
  client(): Promise<unknown>
  /** Disconnects what was connected. */
  close(): Promise<void>
}

/** Holds the one client of a server process. */
export function openSession(
  server: AnyServer,
  environment: Record<string, unknown>,
  dataFolder: string,
  places: ReadonlyMap<string, Place> = new Map(),
): Session {
  let connecting: Promise<unknown> | undefined
  return {
    dataFolder,
    client() {
      connecting ??= Promise.resolve()
        .then(() => server.connect({ environment, dataFolder, places }))
        .catch((error: unknown) => {
          connecting = undefined
          throw error
        })
      return connecting
    },
    async close() {
      const connected = connecting
      connecting = undefined
      if (connected === undefined) return
      const client = await connected.catch(() => undefined)
      if (client !== undefined) await server.disconnect?.(client)
    },
  }
}
