import { digest } from '../shared/json.ts'
import type { Config } from './config.ts'
import { readSource } from './execute/credentials/read-source.ts'
import { LoginError } from './execute/oauth/login-error.ts'
import { type Logins, openLogins } from './execute/oauth/open-logins.ts'
import type { OpenRecord } from './record/open-record.ts'

/** What OAuth lets Remit do at the servers of the configuration that want it. */
export function serverLogins(config: Config, open: OpenRecord['serverLogins']): Logins {
  const servers = Object.entries(config.servers).flatMap(([name, { url: urls = [], oauth }]) => {
    const [url, ...others] = urls
    return url !== undefined && oauth ? [[name, { url, others, oauth }] as const] : []
  })
  return openLogins({
    servers: Object.fromEntries(servers),
    store: open(secretOf(config)),
    environment: config.environment,
    farthest: config.mode === 'emulated' ? 'machine' : 'world',
    now: () => new Date(),
    newId: () => crypto.randomUUID(),
  })
}

/** The same of a configuration that may change: what it says of OAuth counts as of the next call. */
export function liveLogins(config: Config, open: OpenRecord['serverLogins']): () => Logins {
  let seen = config.servers
  let logins = serverLogins(config, open)
  return () => {
    if (seen !== config.servers) {
      const isSame = digest(oauthIn(seen)) === digest(oauthIn(config.servers))
      seen = config.servers
      // What is at hand of tokens is worth keeping.
      if (!isSame) logins = serverLogins(config, open)
    }
    return logins
  }
}

function oauthIn(servers: Config['servers']) {
  return Object.entries(servers).flatMap(([name, { url, oauth }]) => (oauth ? [[name, url, oauth]] : []))
}

/** Undefined where the configuration leaves it to a key in the home. */
export function secretOf({ logins, environment }: Config): (() => Promise<Uint8Array>) | undefined {
  const source = logins.key
  if (!source) return undefined
  return async () => {
    const found = await readSource(source, environment)
    if ('fault' in found) throw new LoginError(`/logins/key ${found.fault}`)
    if (found.value.length < shortestSecret)
      throw new LoginError(
        `/logins/key is shorter than ${shortestSecret} characters: make one with openssl rand -base64 32`,
      )
    return Buffer.from(found.value)
  }
}

/** What cannot be guessed, when it is random. */
const shortestSecret = 32
