import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** How connections end: with a reset, with a plain end, or as when an administrator ends them, in Postgres's own words. */
export type Ending = 'reset' | 'finish' | 'terminate'

/** A way to Postgres whose connections can be ended. */
export interface RoughProxy extends AsyncDisposable {
  /** The URL by this way. */
  url: string
  /** Ends all connections that are open. */
  end(ending: Ending): void
}

/** Opens a way to the server of a URL, on this machine. */
export async function openRoughProxy(url: string): Promise<RoughProxy> {
  const target = new URL(url)
  const open = new Map<Socket, Socket>()
  const server = createServer((near) => {
    const far = connect({ host: target.hostname, port: Number(target.port) })
    open.set(near, far)
    near.pipe(far).pipe(near)
    const drop = () => {
      open.delete(near)
      near.destroy()
      far.destroy()
    }
    for (const socket of [near, far]) socket.on('error', drop).on('close', drop)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const end = (ending: Ending) => {
    for (const near of open.keys()) {
      if (ending === 'reset') near.resetAndDestroy()
      else if (ending === 'finish') near.destroy()
      else near.end(terminated)
    }
  }
  const near = new URL(url)
  near.hostname = '127.0.0.1'
  near.port = String(port)
  return {
    url: near.href,
    end,
    async [Symbol.asyncDispose]() {
      end('finish')
      server.close()
      await once(server, 'close')
    },
  }
}

/** Postgres's ErrorResponse when a connection is ended from outside: a type, a length, fields that end with NUL. */
const terminated = (() => {
  const fields = Buffer.from('SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0')
  const head = Buffer.alloc(5, 'E')
  head.writeInt32BE(fields.length + 4, 1)
  return Buffer.concat([head, fields])
})()
