import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { AnyServer } from '../shared/capability/define-server.ts'
import { manifestOf } from '../shared/capability/manifest-of.ts'
import type { Manifest } from '../shared/manifest.ts'
import { codeFolder } from '../shared/own-package.ts'

/** Every capability server of a project, sorted by name: each folder in `servers/` whose `server.ts` exports `server`. */
export async function findServers(project: string = codeFolder): Promise<AnyServer[]> {
  const servers = join(project, 'servers')
  if (!existsSync(servers)) return []
  const folders = readdirSync(servers)
    .filter((folder) => existsSync(join(servers, folder, 'server.ts')))
    .sort()
  return Promise.all(folders.map((folder) => loadServer(join(servers, folder), folder)))
}

/** The text of `servers/manifest.json` for these servers. */
export function manifestText(servers: AnyServer[]): string {
  const manifest: Manifest = { version: 1, servers: servers.map(manifestOf) }
  return `${JSON.stringify(manifest, null, 2)}\n`
}

async function loadServer(path: string, name: string): Promise<AnyServer> {
  const module = (await import(pathToFileURL(join(path, 'server.ts')).href)) as { server?: AnyServer }
  if (module.server === undefined) throw new Error(`servers/${name}/server.ts must export \`server\``)
  if (module.server.name !== name) {
    throw new Error(`servers/${name}/server.ts names its server "${module.server.name}"; it must be "${name}"`)
  }
  return module.server
}
