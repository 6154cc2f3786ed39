import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import type { ServerManifest } from '../../../shared/manifest.ts'
import type { Door } from './driver.ts'
import { joinStreams } from './inside/join-streams.ts'
import { makeJailFolder } from './jail-folder.ts'

/** Ports where a protocol's URL names none. */
const usualPorts: Readonly<Record<string, number>> = {
  'http:': 80,
  'https:': 443,
  'postgres:': 5432,
  'postgresql:': 5432,
  'smtp:': 25,
  'smtps:': 465,
}

export interface RawDoors {
  doors: Door[]
  /** The endpoints' variables, that lead to the doors now. */
  env: Record<string, string>
  close(): Promise<void>
}

/** Opens a door to each endpoint of a server: whatever is said there goes to that endpoint, and nowhere else. */
export async function openRawDoors(
  { endpoints, credentials }: Pick<ServerManifest, 'endpoints' | 'credentials'>,
  values: Readonly<Record<string, string>>,
): Promise<RawDoors> {
  const folder = await makeJailFolder()
  const opened: { close(): void }[] = []
  const close = async () => {
    for (const listener of opened) listener.close()
    await folder.remove()
  }
  try {
    const doors: Door[] = []
    const env: Record<string, string> = {}
    for (const slot of [...Object.keys(endpoints), ...Object.keys(credentials)]) {
      const url = URL.parse(values[slot] ?? '')
      const usual = usualPorts[url?.protocol ?? '']
      if (!url || usual === undefined) continue
      const socket = join(folder.path, `${doors.length}`)
      opened.push(await relay(socket, url.hostname.replace(/^\[|\]$/g, ''), Number(url.port) || usual))
      const port = await freePort()
      doors.push({ port, socket })
      env[slot] = leadingTo(url, port)
    }
    return { doors, env, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function relay(path: string, host: string, port: number): Promise<{ close(): void }> {
  const server = createServer({ allowHalfOpen: true }, (connection) =>
    joinStreams(connection, connect({ host, port, allowHalfOpen: true, noDelay: true })),
  )
  server.unref().listen(path)
  await once(server, 'listening')
  return server
}

/** Where a jail has no network of its own, its ports are those of the machine. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('the operating system gave no free port')
  return address.port
}

function leadingTo(url: URL, port: number): string {
  const led = new URL(url)
  led.hostname = '127.0.0.1'
  led.port = String(port)
  // URL writes a slash after a bare origin; what is compared with what was given should not have it.
  return url.pathname === '/' && !url.href.endsWith('/') ? led.href.replace(/\/$/, '') : led.href
}
