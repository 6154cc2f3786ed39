import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** How connections end: with a reset, with a plain end, or as when an administrator ends them, in Postgres's own words. */
export type Ending = 'reset' | 'finish' | 'terminate'

/** What becomes of a connection, by what was just sent over it: that still arrives at Postgres, or is lost as well. */
export interface Fate {
  ending: Ending
  arrives: boolean
}

/** Looks at what a client sends, as latin1; returns a fate to end its connection there. */
export type Watch = (sent: string) => Fate | undefined

/** A way to Postgres whose connections can be ended. */
export interface RoughProxy extends AsyncDisposable {
  /** The URL by this way. */
  url: string
  /** Another URL of the same server, by this way. */
  through(url: string): string
  /** Ends all connections that are open. */
  end(ending: Ending): void
}

/** Opens a way to the server of a URL, on this machine. */
export async function openRoughProxy(url: string, watch: Watch = () => undefined): Promise<RoughProxy> {
  const target = new URL(url)
  const open = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect({ host: target.hostname, port: Number(target.port || 5432) })
    open.add(near)
    const pass = (bytes: Buffer) => {
      const fate = watch(bytes.toString('latin1'))
      if (!fate || fate.arrives) far.write(bytes)
      if (!fate) return
      near.off('data', pass).resume()
      endNear(near, fate.ending)
    }
    near.on('data', pass)
    far.pipe(near)
    const drop = () => {
      open.delete(near)
      near.destroy()
      // What was passed on arrives before the end does.
      far.end().resume()
    }
    for (const socket of [near, far]) socket.on('error', drop).on('close', drop)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const end = (ending: Ending) => {
    for (const near of open) endNear(near, ending)
  }
  const through = (to: string) => Object.assign(new URL(to), { host: `127.0.0.1:${port}` }).href
  return {
    url: through(url),
    through,
    end,
    async [Symbol.asyncDispose]() {
      end('finish')
      server.close()
      await once(server, 'close')
    },
  }
}

/** The fate of the first connection over which a text is sent. */
export function onceSent(text: string, fate: Fate): Watch {
  let met = false
  return (sent) => {
    if (met || !sent.includes(text)) return undefined
    met = true
    return fate
  }
}

/** The fate of the connection over which the nth COMMIT is sent, from 1; the clients prepare it once for each connection. */
export function onceCommitted(nth: number, fate: Fate): Watch {
  const prepared = new Set<string>()
  let count = 0
  return (sent) => {
    for (const [, name = ''] of sent.matchAll(/P[\s\S]{4}(\w+)\0COMMIT\0/g)) prepared.add(name)
    const binds = [...sent.matchAll(/B[\s\S]{4}\0(\w+)\0/g)].filter(([, name = '']) => prepared.has(name))
    if (binds.length === 0) return undefined
    count += binds.length
    return count === nth ? fate : undefined
  }
}

function endNear(near: Socket, ending: Ending): void {
  if (ending === 'reset') near.resetAndDestroy()
  else if (ending === 'finish') near.destroy()
  else near.end(terminated)
}

/** Postgres's ErrorResponse when a connection is ended from outside: a type, a length, fields that end with NUL. */
const terminated = (() => {
  const fields = Buffer.from('SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0')
  const head = Buffer.alloc(5, 'E')
  head.writeInt32BE(fields.length + 4, 1)
  return Buffer.concat([head, fields])
})()
