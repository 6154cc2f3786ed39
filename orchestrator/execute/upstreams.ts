import type { ServerManifest } from '../../shared/manifest.ts'
import type { ServerStatus } from '../model/server-status.ts'
import type { LoginInUse } from './oauth/open-logins.ts'
import type { Upstream } from './upstream.ts'

/** The upstreams of a gateway: one for each server, and where principals log in by themselves, one for each login. */
export interface Upstreams {
  of(server: ServerManifest, login?: LoginInUse): Upstream
  /** Ends all of a server's, of every login, once the calls that are under way have settled; who asks from now on gets others. */
  leave(server: string): void
  /** The same of one of them; nothing where it is not in use any more. */
  replace(upstream: Upstream): void
  /** Resolves when nothing is left of those of a server that are to end. */
  gone(server: string): Promise<void>
  /** One status for each server. */
  status(): ServerStatus[]
  close(): Promise<void>
}

/** Connections of principals; beyond it, those that rest are closed, the oldest first. */
const mostPersonal = 256

interface Entry {
  server: string
  upstream: Upstream
  login_id?: string
}

/** `open` is called once for each server and login. */
export function openUpstreams(
  open: (server: ServerManifest, login: LoginInUse | undefined) => Upstream,
  most = mostPersonal,
): Upstreams {
  const entries = new Map<string, Entry>()
  /** Server → until nothing is left of those that are to end. */
  const leaving = new Map<string, Promise<void>>()

  function drop(name: string, { server, upstream }: Entry): void {
    entries.delete(name)
    const gone = Promise.all([leaving.get(server), upstream.retire()]).then(() => undefined)
    leaving.set(server, gone)
  }

  /** For one more. */
  function makeRoom(): void {
    const personal = [...entries].filter(([, { login_id }]) => login_id !== undefined)
    const resting = personal.filter(([, { upstream }]) => isResting(upstream.status()))
    for (const [name, entry] of resting.slice(0, Math.max(0, personal.length + 1 - most))) drop(name, entry)
  }

  return {
    of(server, login) {
      const name = nameOf(server, login)
      const known = entries.get(name)
      // The last used is the last in line; another login of the same principal is another connection.
      if (known && known.login_id === login?.login_id) {
        entries.delete(name)
        entries.set(name, known)
        return known.upstream
      }
      if (known) drop(name, known)
      if (login) makeRoom()
      const upstream = open(server, login)
      entries.set(name, { server: server.name, upstream, ...(login && { login_id: login.login_id }) })
      return upstream
    },
    leave(server) {
      for (const [name, entry] of [...entries]) if (entry.server === server) drop(name, entry)
    },
    replace(upstream) {
      for (const [name, entry] of [...entries]) if (entry.upstream === upstream) drop(name, entry)
    },
    gone: async (server) => leaving.get(server),
    status() {
      const byServer = Map.groupBy(entries.values(), ({ server }) => server)
      return [...byServer.values()].map(together)
    },
    async close() {
      await Promise.all([...leaving.values(), ...[...entries.values()].map(({ upstream }) => upstream.close())])
    },
  }
}

function nameOf({ name }: ServerManifest, login: LoginInUse | undefined): string {
  return JSON.stringify(login ? [name, login.of.tenant, login.of.principal] : [name])
}

function isResting({ calls }: ServerStatus): boolean {
  return calls.in_flight === 0 && calls.queued === 0
}

const states: readonly ServerStatus['state'][] = ['up', 'starting', 'backing_off', 'idle', 'closed']

/** As good as the best connection of the server, with what all of them count. */
function together(entries: readonly Entry[]): ServerStatus {
  const all = entries
    .map(({ upstream }) => upstream.status())
    .toSorted((a, b) => states.indexOf(a.state) - states.indexOf(b.state))
  const [best] = all
  if (!best) throw new RangeError('a status of no connection was asked for')
  if (entries.every(({ login_id }) => login_id === undefined)) return best
  const sum = (count: (status: ServerStatus) => number) => all.reduce((total, status) => total + count(status), 0)
  return {
    ...best,
    personal: true,
    calls: { in_flight: sum(({ calls }) => calls.in_flight), queued: sum(({ calls }) => calls.queued) },
    ends: sum(({ ends }) => ends),
    protocol_faults: sum(({ protocol_faults }) => protocol_faults),
    denied_egress: sum(({ denied_egress }) => denied_egress),
  }
}
