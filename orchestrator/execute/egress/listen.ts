import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'

/** Where a server's process finds one of its endpoints. */
export interface Door {
  /** 127.0.0.1:port where the server finds it, inside its jail or, where it has none, on this machine. */
  port: number
  /** The Unix socket on this machine that answers there, in a folder which nobody else may enter. */
  socket: string
  /** Where its client checks the certificate of what is behind it: by this name the door has to be found, at 127.0.0.1. */
  checked?: { slot: string; name: string }
}

/** A {@link Door} that is open. */
export interface OpenDoor extends Door {
  close(): void
}

export interface DoorPlace {
  /** The folder of the sockets. */
  folder: string
  name: string
  /** Whether the door is also open on this machine's own 127.0.0.1, for a process without a jail. */
  loopback: boolean
}

/** Opens a door on what `serve` makes, once for each way in. */
export async function openDoor(serve: () => Server, place: DoorPlace): Promise<OpenDoor> {
  const sockets = new Set<Socket>()
  const servers: Server[] = []
  const listen = async (where: Parameters<Server['listen']>[0]): Promise<Server> => {
    const server = serve()
    servers.push(server)
    server.on('connection', (socket) => {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
    })
    server.listen(where)
    await once(server, 'listening')
    // A door keeps no process alive: the server behind it does.
    server.unref()
    return server
  }
  const close = () => {
    for (const server of servers) server.close()
    for (const socket of sockets) socket.destroy()
  }
  try {
    const socket = socketPath(place)
    await listen({ path: socket })
    if (process.platform !== 'win32') await chmod(socket, 0o600)
    const local = place.loopback ? await listen({ host: '127.0.0.1', port: 0 }) : undefined
    const port = local ? (local.address() as AddressInfo).port : await freePort()
    return { port, socket, close }
  } catch (error) {
    close()
    throw error
  }
}

/** Some jails have no network of their own: their ports are those of the machine. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function socketPath({ folder, name }: DoorPlace): string {
  if (process.platform === 'win32') return `\\\\.\\pipe\\remit-${randomBytes(12).toString('hex')}-${name}`
  return join(folder, `${name}.sock`)
}
