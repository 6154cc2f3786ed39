import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** A way to Postgres that can be cut: then what is connected is dropped, and nobody can connect. */
export interface OutageProxy extends AsyncDisposable {
  /** The URL by this way. */
  url: string
  cut(): Promise<void>
  mend(): Promise<void>
}

/** Opens a way to the server of a URL, on this machine. */
export async function openOutageProxy(url: string): Promise<OutageProxy> {
  const target = new URL(url)
  const sockets = new Set<Socket>()
  const keep = (socket: Socket) => {
    sockets.add(socket)
    // Who loses a connection hears of it on its own side.
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket))
  }
  const listen = async (port: number): Promise<Server> => {
    const server = createServer((near) => {
      const far = connect({ host: target.hostname, port: Number(target.port) })
      for (const socket of [near, far]) keep(socket)
      near.pipe(far).pipe(near)
      near.on('close', () => far.destroy())
      far.on('close', () => near.destroy())
    })
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return server
  }
  let server: Server | undefined = await listen(0)
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  const near = new URL(url)
  near.hostname = '127.0.0.1'
  near.port = String(port)
  const cut = async () => {
    const closed = server && once(server, 'close')
    server?.close()
    for (const socket of sockets) socket.destroy()
    await closed
    server = undefined
  }
  return {
    url: near.href,
    cut,
    async mend() {
      server ??= await listen(port)
    },
    [Symbol.asyncDispose]: cut,
  }
}
