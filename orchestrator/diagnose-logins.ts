import { causeWithCode } from '../shared/never-sent.ts'
import { commandName } from '../shared/own-package.ts'
import type { Finding } from './cli/remit.ts'
import { isInUse, loginsText } from './cli/text/logins-text.ts'
import type { Config } from './config.ts'
import { personalServers } from './keep-logins.ts'
import { lookAtLogins } from './look-at-logins.ts'
import type { Catalogue } from './model/catalogue.ts'
import type { ListedLogin } from './model/login.ts'

/** What `remit doctor` says of each server at which principals log in: who is, and until when. Starts nothing. */
export async function diagnoseLogins(config: Config, { servers }: Catalogue): Promise<Finding[]> {
  const personal = personalServers(config).filter((server) => servers.has(server))
  if (personal.length === 0) return []
  try {
    const known = await lookAtLogins(config)
    if (!known) return [{ what: 'logins', ok: true, found: 'not known: the record does not run now' }]
    return personal.map((server) => loginsAt(server, known, Date.now()))
  } catch (error) {
    const found = `not known: Postgres does not say (${causeWithCode(error).code ?? 'unknown error'})`
    return [{ what: 'logins', ok: false, found, advice: 'look whether Postgres answers, and not too slowly' }]
  }
}

function loginsAt(server: string, known: readonly ListedLogin[], now: number): Finding {
  const here = known.filter((login) => login.server === server)
  const ok = here.some((login) => isInUse(login, now))
  const advice = `${commandName} servers login ${server}`
  return { what: `logins ${server}`, ok, found: loginsText(here, now), ...(ok ? {} : { advice }) }
}
