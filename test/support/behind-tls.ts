import { once } from 'node:events'
import { connect, createServer, type Server } from 'node:net'
import { TLSSocket } from 'node:tls'

/** The Postgres of a URL behind TLS: it is asked for it by the eight bytes of an SSLRequest, and says S. */
export async function behindTls(url: string, certificate: { key: string; cert: string }): Promise<Server> {
  const postgres = new URL(url)
  const server = createServer((near) => {
    near.on('error', () => near.destroy())
    near.once('data', () => {
      near.write('S')
      const inside = new TLSSocket(near, { isServer: true, ...certificate })
      const far = connect(Number(postgres.port), postgres.hostname)
      for (const [one, other] of [
        [inside, far],
        [far, inside],
      ] as const)
        one
          .on('error', () => other.destroy())
          .on('close', () => other.destroy())
          .pipe(other)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}
