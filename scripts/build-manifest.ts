import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AnyServer } from '../shared/capability/define-server.ts'
import { manifestOf } from '../shared/capability/manifest-of.ts'
import type { Manifest } from '../shared/manifest.ts'

const serversFolder = fileURLToPath(new URL('../servers', import.meta.url))

/** Where the reviewed manifest lies. */
export const manifestFile = join(serversFolder, 'manifest.json')

/** Every capability server of this repository, sorted by name: each folder in `servers/` whose `server.ts` exports `server`. */
export async function findServers(): Promise<AnyServer[]> {
  const folders = readdirSync(serversFolder)
    .filter((folder) => existsSync(join(serversFolder, folder, 'server.ts')))
    .sort()
  return Promise.all(folders.map(loadServer))
}

/** The text of `servers/manifest.json` for these servers. */
export function manifestText(servers: AnyServer[]): string {
  const manifest: Manifest = { version: 1, servers: servers.map(manifestOf) }
  return `${JSON.stringify(manifest, null, 2)}\n`
}

async function loadServer(folder: string): Promise<AnyServer> {
  const module = (await import(`../servers/${folder}/server.ts`)) as { server?: AnyServer }
  if (module.server === undefined) throw new Error(`servers/${folder}/server.ts must export \`server\``)
  if (module.server.name !== folder) {
    throw new Error(`servers/${folder}/server.ts names its server "${module.server.name}"; it must be "${folder}"`)
  }
  return module.server
}
