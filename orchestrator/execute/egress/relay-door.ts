import { connect, createServer, type Server } from 'node:net'
import type { CallsInFlight } from './calls-in-flight.ts'

export interface RelayDoorOptions {
  endpoint: string
  protocol: 'postgres' | 'smtp' | 'tcp'
  /** The one place that the relay leads to. */
  hostname: string
  port: number
  calls: Pick<CallsInFlight, 'open'>
}

/** Passes bytes on to one named endpoint, as they are: what is said there only the two ends understand. */
export function relayDoor({ endpoint, protocol, hostname, port, calls }: RelayDoorOptions): () => Server {
  return () =>
    createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
      const far = connect({ host: hostname, port, allowHalfOpen: true, noDelay: true })
      const flow = calls.open({ endpoint, protocol, host: `${hostname}:${port}` })
      near.on('data', (chunk) => flow.out(chunk.length))
      far.on('data', (chunk) => flow.in(chunk.length))
      near.pipe(far)
      far.pipe(near)
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        // An endpoint that refuses the connection resets it: nobody behind it has heard anything.
        one.on('error', () => other.resetAndDestroy())
        one.once('close', () => {
          other.destroy()
          flow.end()
        })
      }
    })
}
