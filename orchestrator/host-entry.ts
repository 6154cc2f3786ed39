import { homedir } from 'node:os'
import { codeFolder, ownModule } from '../shared/own-package.ts'
import { type Entry, entryName, ownPrefix } from './cli/connect/entry.ts'
import type { Machine } from './cli/connect/host-paths.ts'
import type { Config } from './config.ts'
import type { Catalogue } from './model/catalogue.ts'
import { serverAlone } from './serve-host.ts'

/** What of our own environment decides where `remit serve` looks, and is no secret. */
const settings = ['REMIT_HOME', 'REMIT_CONFIG', 'REMIT_MODE'] as const

/** How a host starts a server through this project: by absolute paths, for hosts have folders and paths of their own. */
export function entryOf(config: Config, catalogue: Catalogue, server: string): Entry {
  const { environment, root, http } = config
  if (server === ownPrefix) {
    const url = `http://127.0.0.1:${http.port}/mcp`
    return { kind: 'http', name: ownPrefix, url, key: 'REMIT_KEY' }
  }
  serverAlone(catalogue, server)
  const places = { REMIT_HOME: config.home, REMIT_CONFIG: config.file, REMIT_MODE: config.mode }
  return {
    kind: 'stdio',
    name: entryName(server),
    command: process.execPath,
    args: [ownModule('orchestrator/main'), 'serve', server],
    env: {
      ...(root !== codeFolder && { REMIT_PROJECT: root }),
      ...Object.fromEntries(settings.flatMap((name) => (environment[name] ? [[name, places[name]]] : []))),
    },
    secrets: secretsOf(config, server),
  }
}

/** The variables that the configuration names for the server, and the record's URL where that is one. */
function secretsOf({ mode, servers, databaseUrl }: Config, server: string): string[] {
  const { endpoints = {}, credentials = {} } = servers[server] ?? {}
  const sources = mode === 'live' ? [...Object.values(endpoints), ...Object.values(credentials)] : []
  const named = sources.flatMap((source) => ('env' in source ? [source.env] : []))
  return [...new Set([...(databaseUrl === undefined ? [] : ['REMIT_DATABASE_URL']), ...named])]
}

/** The machine that this runs on. */
export function machineOf({ environment }: Config): Omit<Machine, 'project'> {
  const { APPDATA: appData, XDG_CONFIG_HOME: configHome } = environment
  return {
    platform: process.platform,
    home: homedir(),
    ...(appData ? { appData } : {}),
    ...(configHome ? { configHome } : {}),
  }
}
