import { didYouMean } from '../shared/nearest-name.ts'
import { InputError, type LoginOf, type Remit } from './cli/remit.ts'
import type { Config } from './config.ts'
import { draft } from './model/event.ts'
import type { LoginKey } from './model/login.ts'
import type { OpenRecord } from './record/open-record.ts'
import { secretOf, serverLogins } from './server-logins.ts'

/** Logging principals in and out. Both are recorded, without what is secret of them. */
export function keepLogins(
  config: Config,
  record: Pick<OpenRecord, 'serverLogins'> & { journal: Pick<OpenRecord['journal'], 'note'> },
): Remit['logins'] {
  const logins = serverLogins(config, record.serverLogins)
  const { owner } = config
  const keyOf = (server: string, { tenant = owner.tenant, principal = owner.principal }: LoginOf): LoginKey => ({
    tenant,
    principal,
    server,
  })
  const note = async (what: string, details: Record<string, string | string[]>) => {
    await record.journal.note([draft('system_noted', { what, details: { ...details, by: owner.principal } })])
  }
  return {
    async logIn(server, { principal, tenant, offer, pasted, ...options }) {
      if (!logins.isPersonal(server)) throw new InputError(whyNoLogin(config, server))
      const key = keyOf(server, { ...(principal && { principal }), ...(tenant && { tenant }) })
      const { secrets: _, ...login } = await logins.logIn(key, {
        ...options,
        by: owner.principal,
        conversation: { offer, pasted },
        note: ({ login_id, issuer, resource, scopes }) =>
          note('logged_in', { ...key, login_id, issuer, resource, scopes }),
      })
      return login
    },
    async logOut(server, of) {
      const key = keyOf(server, of)
      const told = await logins.logOut(key)
      // A login outlives the configuration of its server, and can be forgotten all the same.
      if (!told && !logins.isPersonal(server)) throw new InputError(whyNoLogin(config, server))
      if (told) await note('logged_out', { ...key })
      return told
    },
    list: (tenant = owner.tenant) => record.serverLogins(secretOf(config)).list(tenant),
  }
}

/** Servers at which each principal has to log in. */
export function personalServers({ servers }: Config): string[] {
  return Object.entries(servers).flatMap(([name, { oauth }]) => (oauth?.grant === 'authorization_code' ? [name] : []))
}

function whyNoLogin(config: Config, server: string): string {
  const personal = personalServers(config)
  const grant = config.servers[server]?.oauth?.grant
  if (grant) return `Nobody logs in at ${server}: Remit itself does, as /servers/${server}/oauth/client (${grant})`
  const near = didYouMean(server, personal)
  const others = personal.length === 0 ? 'no server wants logins' : `those that do are ${personal.join(', ')}`
  return `${server} wants no logins${near || `: ${others}`}. Where one does, /servers/${server}/oauth in the configuration says so`
}
