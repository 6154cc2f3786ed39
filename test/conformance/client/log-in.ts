import { randomUUID } from 'node:crypto'
import { discoverOAuthProtectedResourceMetadata } from '@modelcontextprotocol/client'
import { MemoryLogins } from '../../../orchestrator/execute/fixtures/oauth/memory-logins.ts'
import type { Conversation } from '../../../orchestrator/execute/oauth/log-in.ts'
import { type Logins, openLogins } from '../../../orchestrator/execute/oauth/open-logins.ts'
import type { OAuthClient, OAuthSettings } from '../../../orchestrator/execute/oauth/settings.ts'
import type { Bearer } from '../../../orchestrator/execute/remote/bearer.ts'
import { remoteErrorIn } from '../../../orchestrator/execute/remote/remote-error.ts'

const key = { tenant: 'default', principal: 'conformance', server: 'suite' }

/** Does the work by a person's login; where it does not reach far enough, or any more, the person logs in once more. */
export async function byLogin(
  url: string,
  client: OAuthClient | undefined,
  work: (bearer: Bearer) => Promise<void>,
): Promise<void> {
  const logins = await loginsAt(url, 'authorization_code', client)
  await logIn(logins)
  try {
    await work((await logins.inUse(key)).bearer)
  } catch (error) {
    const refused = remoteErrorIn(error)
    if (refused?.kind !== 'unauthorized') throw error
    await logIn(logins, scopesNamedIn(refused.message))
    await work((await logins.inUse(key)).bearer)
  }
}

/** What lets Remit in as itself, where it is this client. */
export async function asClient(url: string, client: OAuthClient): Promise<Bearer> {
  const bearer = (await loginsAt(url, 'client_credentials', client)).shared(key.server)
  if (!bearer) throw new TypeError('Remit does not log in as itself')
  return bearer
}

async function loginsAt(url: string, grant: OAuthSettings['grant'], client?: OAuthClient): Promise<Logins> {
  const oauth = client && !('document' in client) ? { grant, client, issuer: await issuerOf(url) } : { grant, client }
  return openLogins({
    servers: { [key.server]: { url, oauth } },
    store: new MemoryLogins(),
    environment: {},
    farthest: 'machine',
    now: () => new Date(),
    newId: randomUUID,
  })
}

/** What an operator writes down beside a client that was registered by hand; the suite does not tell it. */
async function issuerOf(url: string): Promise<string | undefined> {
  return (await discoverOAuthProtectedResourceMetadata(url)).authorization_servers?.[0]
}

function logIn(logins: Logins, scopes: readonly string[] = []) {
  return logins.logIn(key, {
    by: 'conformance',
    scopes,
    conversation: agreeable(),
    note: async () => {},
    patienceMs: 110_000,
    signal: new AbortController().signal,
  })
}

/** A person who agrees to everything, and brings the URL that the browser is sent back to. */
function agreeable(): Conversation {
  const back = Promise.withResolvers<string>()
  return {
    offer({ url }) {
      fetch(url, { redirect: 'manual' })
        .then(({ headers }) => headers.get('location') ?? Promise.reject(new Error(`${url} leads nowhere`)))
        .then(back.resolve, back.reject)
    },
    pasted: async (_, wrong) => {
      if (wrong !== undefined) throw new Error(wrong)
      return back.promise
    },
  }
}

/** The scopes that a person is told to log in with. */
function scopesNamedIn(advice: string): string[] {
  return [...advice.matchAll(/--scope (\S+)/g)].flatMap(([, scope]) => scope ?? [])
}
