import { callsInFlight } from '../egress/calls-in-flight.ts'
import { connectDoor } from '../egress/connect-door.ts'
import { type Door, openDoor } from '../egress/listen.ts'
import { relayDoor } from '../egress/relay-door.ts'
import { makeJailFolder } from '../sandbox/jail-folder.ts'

/** The way from a jail to one registry, and to nowhere else. */
export interface RegistryDoor {
  door: Door
  /** What npm is told of it. */
  env: Record<string, string>
  close(): Promise<void>
}

/** A tunnel for https, so that npm itself checks who is there; a relay for a registry without TLS, as on loopback. */
export async function openRegistryDoor(registry: URL): Promise<RegistryDoor> {
  const folder = await makeJailFolder()
  const calls = callsInFlight({ now: () => performance.now(), clean: (text) => text, onStray: () => undefined })
  const isSecure = registry.protocol === 'https:'
  const port = Number(registry.port || (isSecure ? 443 : 80))
  const hostname = registry.hostname.replace(/^\[|\]$/g, '')
  const serve = isSecure
    ? connectDoor({ hosts: [`${hostname}:${port}`], calls })
    : relayDoor({ endpoint: 'registry', protocol: 'tcp', hostname, port, calls })
  const door = await openDoor(serve, { folder: folder.path, name: 'registry', loopback: false })
  const seen = new URL(registry)
  if (!isSecure) {
    seen.hostname = '127.0.0.1'
    seen.port = String(door.port)
  }
  const proxy = `http://127.0.0.1:${door.port}`
  return {
    door,
    env: { npm_config_registry: seen.href, ...(isSecure && { HTTPS_PROXY: proxy, npm_config_https_proxy: proxy }) },
    async close() {
      door.close()
      await folder.remove()
    },
  }
}
