import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

/** Something that takes connections and never says a word. */
export interface Silence extends AsyncDisposable {
  /** The same URL, but for the host and port. */
  inThePlaceOf(url: string | undefined): string
  /** Resolves once somebody has connected. */
  asked: Promise<void>
  /** Resolves once whoever had connected has gone again. */
  released: Promise<void>
}

export async function openSilence(): Promise<Silence> {
  const sockets = new Set<Socket>()
  const [asked, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const server = createServer((socket) => {
    sockets.add(socket)
    // What is sent has to be read for an end to be seen.
    socket.resume().on('error', () => undefined)
    socket.once('close', () => {
      sockets.delete(socket)
      released.resolve()
    })
    asked.resolve()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    inThePlaceOf(url) {
      const silent = new URL(url ?? 'http://127.0.0.1')
      silent.host = `127.0.0.1:${port}`
      return silent.href
    },
    asked: asked.promise,
    released: released.promise,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
