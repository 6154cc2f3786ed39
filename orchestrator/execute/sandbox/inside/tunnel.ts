import { syncBuiltinESMExports } from 'node:module'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import tls from 'node:tls'
import type { DoorInside } from './canary-plan.ts'
import type { Channel } from './channel.ts'

/** Where a program looks for a port of its own machine. */
const loopback = ['127.0.0.1', 'localhost', '::1', undefined, '']

interface Target {
  port?: number | string | null
  host?: string
  /** Where TLS is spoken over a socket that is there already. */
  socket?: unknown
}

/** What `net.connect` hands to `Socket.prototype.connect`: options and a listener, in one list or as they were given. */
type ConnectArguments = [unknown, ...unknown[]]

/**
 * Lets connections to the doors' ports go over the channel, in a process that may open no socket of its own: every client of
 * Node's comes through `Socket.prototype.connect`. All other connections are left to Node, which refuses them. The channel's
 * descriptor keeps the process alive only while a connection is open.
 */
export function tunnelDoors(
  doors: readonly DoorInside[],
  channel: Channel,
  descriptor: Pick<Socket, 'ref' | 'unref'>,
): void {
  let busy = 0
  const open = (port: number): Duplex => {
    busy += 1
    descriptor.ref()
    return channel.open(port).once('close', () => {
      busy -= 1
      if (busy === 0) descriptor.unref()
    })
  }
  const connect = Socket.prototype.connect as (this: Socket, ...given: ConnectArguments) => Socket
  const isDoor = ({ port, host }: Target): boolean => {
    const door = doors.find((each) => each.port === Number(port))
    return door !== undefined && (loopback.includes(host) || host === door.name)
  }
  const tunnelled = function (this: Socket, ...given: ConnectArguments): Socket {
    const { target, listener } = readTarget(given)
    if (!isDoor(target)) return connect.apply(this, given)
    if (listener) this.once('connect', listener)
    return graft(this, open(Number(target.port)))
  }
  Socket.prototype.connect = tunnelled as typeof Socket.prototype.connect
  tunnelTls(isDoor)
}

/** A TLS socket that connects itself wants a handle of the system's to speak through: to a door it gets a socket instead. */
function tunnelTls(isDoor: (target: Target) => boolean): void {
  const connectTls = tls.connect as (...given: unknown[]) => tls.TLSSocket
  const tunnelled = (...given: ConnectArguments): tls.TLSSocket => {
    const { target, listener } = readTarget(given)
    if (target.socket !== undefined || !isDoor(target)) return connectTls(...given)
    const options = given.findLast((each) => typeof each === 'object' && each !== null)
    return connectTls(
      { ...target, ...(options as object), socket: new Socket().connect(Number(target.port)) },
      listener,
    )
  }
  tls.connect = tunnelled as typeof tls.connect
  syncBuiltinESMExports()
}

function readTarget(given: ConnectArguments): { target: Target; listener?: () => void } {
  const list: readonly unknown[] = Array.isArray(given[0]) ? given[0] : given
  const listener = list.findLast((each): each is () => void => typeof each === 'function')
  const [first, second] = list
  const target =
    typeof first === 'object' && first !== null
      ? (first as Target)
      : { port: first as Target['port'], ...(typeof second === 'string' && { host: second }) }
  return { target: target as Target, ...(listener && { listener }) }
}

/** Makes a socket that has no handle of the system's speak through a stream. */
function graft(socket: Socket, stream: Duplex): Socket {
  const stir = () => {
    if (socket.timeout) socket.setTimeout(socket.timeout)
  }
  const itself = () => socket
  stream.on('data', (chunk: Buffer) => {
    stir()
    if (!socket.push(chunk)) stream.pause()
  })
  stream.on('end', () => socket.push(null))
  stream.on('error', (error) => socket.destroy(error))
  stream.on('close', () => {
    if (!stream.readableEnded) socket.destroy()
  })
  Object.assign(socket, {
    connecting: true,
    _read: () => stream.resume(),
    _write(chunk: Buffer | string, encoding: BufferEncoding, done: (error?: Error | null) => void) {
      stir()
      stream.write(chunk, encoding, done)
    },
    // Would be used instead of `_write` where several pieces wait.
    _writev: undefined,
    _final: (done: () => void) => stream.end(done),
    _destroy(error: Error | null, done: (error: Error | null) => void) {
      stream.destroy()
      done(error)
      // A socket says itself that it is closed.
      process.nextTick(() => socket.emit('close', error !== null))
    },
    // TLS takes a socket without a handle for one that is not connected yet, and waits to hear that it is.
    once(event: string, listener: () => void) {
      if (event !== 'connect' || socket.connecting) return Socket.prototype.once.call(socket, event, listener)
      process.nextTick(() => listener.call(socket))
      return socket
    },
    ref: itself,
    unref: itself,
    setNoDelay: itself,
    setKeepAlive: itself,
  })
  process.nextTick(() => {
    if (socket.destroyed) return
    Object.assign(socket, { connecting: false })
    socket.emit('connect')
    socket.emit('ready')
  })
  return socket
}
