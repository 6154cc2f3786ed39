import type { ServerManifest } from '../shared/manifest.ts'
import { acceptSeen } from './accept-seen.ts'
import { type Config, ConfigError } from './config.ts'
import type { Gateway } from './execute/gateway.ts'
import type { Administration, ServerSheet } from './http/administration.ts'
import { ProblemError } from './http/problem.ts'
import { personalServers } from './keep-logins.ts'
import type { Catalogue } from './model/catalogue.ts'
import { unpinned } from './model/joined-server.ts'
import { forAnybody } from './model/server-status.ts'
import type { OpenRecord } from './record/open-record.ts'
import { serverAlone } from './serve-host.ts'
import { secretOf } from './server-logins.ts'
import { takeOut } from './take-out.ts'
import { compareTools } from './tool-changes.ts'
import { isUnconfined } from './unconfined.ts'

export interface AdministrationParts {
  config: Config
  /** Sub-goals may be among its tools. */
  catalogue: Catalogue
  record: Pick<OpenRecord, 'journal' | 'serverLogins'>
  /** Absent where nothing is called in this process. */
  gateway: Pick<Gateway, 'status' | 'list'> | undefined
}

/** Looking after the servers of this process, for who asks over the network. */
export function administerServers({ config, catalogue, record, gateway }: AdministrationParts): Administration {
  const { owner } = config
  const loginsOf = (tenant: string) => record.serverLogins(secretOf(config)).list(tenant)

  async function told(server: string) {
    if (!gateway) throw new ProblemError('unavailable', 'No servers run in this process: ask one of remit start')
    return gateway.list(server).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error)
      throw new ProblemError('unavailable', `${server} does not tell its tools now: ${why}`)
    })
  }

  return {
    tenant: owner.tenant,
    catalogue,
    async sheet(server) {
      const { name } = server
      const status = gateway?.status().find((each) => each.server === name)
      const logins = personalServers(config).includes(name) ? await loginsOf(owner.tenant) : undefined
      return {
        ...knownOf(server, config, catalogue),
        ...(status && { status: forAnybody(status) }),
        ...(logins && { logins: logins.filter((login) => login.server === name) }),
      }
    },
    async changes(server) {
      const { reviewed, others } = await told(server)
      const compared = compareTools(serverAlone(catalogue, server), { reviewed, others }, { by: '', at: '' })
      return { server, changed: compared.map(({ pin: _, ...changed }) => changed), others: [...others] }
    },
    async accept({ principal: by, ceiling }, server, seen) {
      return acceptSeen(seen, {
        config,
        journal: record.journal,
        catalogue: serverAlone(catalogue, server),
        told: await told(server),
        by,
        ceiling,
      })
    },
    async drop({ principal: by }, server) {
      if (!catalogue.joined?.has(server))
        throw new ProblemError(
          'conflict',
          `${server} is a server of the project: it goes with its folder, once the manifest is written again`,
        )
      const found = await writable(() => takeOut(config, record.journal, { server, by }))
      if (!found) throw new ProblemError('not_found', `There is no server ${server} any more`)
    },
    logins: loginsOf,
  }
}

function knownOf(server: ServerManifest, config: Config, catalogue: Catalogue): ServerSheet {
  const { name, emulator, remote, tools } = server
  const origin = catalogue.joined?.get(name)?.origin
  const urls = config.servers[name]?.url ?? [remote?.url ?? []].flat()
  const sandboxed = !isUnconfined(config, server)
  const notPinned = origin && unpinned(origin)
  return {
    tools: tools.map((tool) => {
      const pinned = catalogue.tools.get(`${name}.${tool.name}`)?.pinned
      return { ...tool, ...(pinned && { accepted: pinned }) }
    }),
    origin: origin ?? { from: 'project' },
    urls: urls.map(placeOf),
    ...(config.mode === 'emulated' && emulator && { emulates: emulator.vendor }),
    sandboxed,
    gaps: [
      ...(notPinned === undefined ? [] : [notPinned]),
      ...(sandboxed || urls.length > 0 ? [] : ['it runs in no sandbox: nothing keeps it from the rest of the machine']),
    ],
  }
}

/** Without what a URL may say beside a place: a user, a password, a key in its query. */
function placeOf(text: string): string {
  const { origin, pathname } = new URL(text)
  return `${origin}${pathname}`
}

/** `servers.json` belongs to the project, and a project may be where nobody writes. */
async function writable<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM')
      throw new ProblemError(
        'conflict',
        'servers.json cannot be written here: take the server out where the project is',
      )
    if (error instanceof ConfigError)
      throw new ProblemError('conflict', 'servers.json is not right: a person has to mend it first')
    throw error
  }
}
