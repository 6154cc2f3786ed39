import type { FetchLike } from '@modelcontextprotocol/client'
import type { Login, LoginKey } from '../../model/login.ts'
import { type Authorization, beginAuthorization, codeIn, redeem, WrongState } from './authorize.ts'
import { awaitRedirect, type Taken } from './await-redirect.ts'
import { type Client, type ConfiguredClient, clientFor } from './client.ts'
import { type Discovered, discover, isSameIssuer } from './discover.ts'
import { granted } from './granted.ts'
import { LoginError } from './login-error.ts'
import type { LoginStore } from './login-store.ts'
import type { OAuthServer } from './settings.ts'

/** What a person is asked to agree to, with a browser. */
export interface LoginOffer {
  issuer: string
  resource: string
  scopes: readonly string[]
  /** What to open. */
  url: string
}

/** How the person is reached. */
export interface Conversation {
  /** Opens a browser, or says what to open. */
  offer(offer: LoginOffer): void
  /**
   * The URL that the browser was sent back to, where it could not reach this machine and the person brings it; undefined
   * where nobody can. `wrong` says what was wrong with the one before.
   */
  pasted(signal: AbortSignal, wrong?: string): Promise<string | undefined>
}

export interface LogIn {
  /** Whose login it is, and who is asking. */
  key: LoginKey
  by: string
  /** Asked for beside what the server needs. */
  scopes: readonly string[]
  conversation: Conversation
  /** Throws a {@link LoginError} for a URL that no browser is sent to. */
  checkPlace(url: URL): Promise<void>
  configured: ConfiguredClient
  fetch: FetchLike
  store: LoginStore
  /** Records that somebody logs in; it counts only then. */
  note(login: Omit<Login, 'secrets'>): Promise<void>
  now(): Date
  newId(): string
  /** How long the person may take. */
  patienceMs: number
  signal: AbortSignal
}

/** Logs a principal in with a browser: authorization code with PKCE, for one resource, at one issuer. Rejects with a {@link LoginError}. */
export async function logIn(server: OAuthServer, request: LogIn): Promise<Login> {
  const { key, store, fetch, configured } = request
  const discovered = await discover(server, fetch)
  const scopes = await scopesFor(server, discovered, request)
  const came = Promise.withResolvers<string>()
  // Whoever waits for it may have given up.
  came.promise.catch(() => undefined)
  let authorization: Authorization | undefined
  const take = (answer: URLSearchParams): Taken => {
    try {
      if (!authorization) throw new WrongState()
      came.resolve(codeIn(answer, authorization, discovered))
    } catch (error) {
      if (error instanceof WrongState) return 'not_ours'
      came.reject(error)
    }
    return 'answer'
  }
  const listener = await awaitRedirect(take)
  try {
    const { redirectUrl } = listener
    const client = await clientFor(server, discovered, { configured, redirectUrl, fetch })
    authorization = await beginAuthorization({ discovered, client, redirectUrl, scopes })
    await request.checkPlace(authorization.url)
    const { issuer, resource } = discovered
    request.conversation.offer({ issuer, resource, scopes, url: authorization.url.href })
    const code = await patiently(request, came.promise, take)
    const tokens = await redeem(code, authorization, { discovered, client, fetch })
    const wanted = { issuer, resource, audience: server.settings.audience, scopes }
    const login = loginOf(request, discovered, client, granted(tokens, wanted, request.now()))
    const { secrets: _, ...shown } = login
    await request.note(shown)
    await store.alone(key, () => store.put(login))
    return login
  } finally {
    await listener.close()
  }
}

/** What the configuration or the server says, what was granted before, and what the person adds. */
async function scopesFor(
  { settings }: OAuthServer,
  { scopes: needed, metadata, issuer }: Discovered,
  { key, store, scopes: more }: LogIn,
): Promise<string[]> {
  // One that does not open is replaced by this login.
  const before = await store.find(key).catch(() => undefined)
  const kept = before && isSameIssuer(before.issuer, issuer) ? before.scopes : []
  const scopes = new Set([...(settings.scopes ?? needed ?? []), ...kept, ...more])
  if (scopes.size > 0 && metadata.scopes_supported?.includes('offline_access')) scopes.add('offline_access')
  return [...scopes]
}

/** Waits for the browser and for what the person pastes, whichever comes first. */
async function patiently(
  { conversation, patienceMs, signal }: LogIn,
  code: Promise<string>,
  take: (answer: URLSearchParams) => Taken,
): Promise<string> {
  const over = new AbortController()
  const gaveUp = Promise.withResolvers<never>()
  const giveUp = () => gaveUp.reject(signal.reason)
  signal.addEventListener('abort', giveUp, { once: true })
  if (signal.aborted) giveUp()
  const timer = setTimeout(() => {
    gaveUp.reject(new LoginError(`nobody logged in within ${patienceMs / 1_000} s`))
  }, patienceMs)
  void listenForPasted(conversation, over.signal, take).catch(gaveUp.reject)
  try {
    return await Promise.race([code, gaveUp.promise])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', giveUp)
    over.abort()
  }
}

async function listenForPasted(
  conversation: Conversation,
  signal: AbortSignal,
  take: (answer: URLSearchParams) => Taken,
): Promise<void> {
  for (let wrong: string | undefined; ; ) {
    const text = await conversation.pasted(signal, wrong)
    if (text === undefined || signal.aborted) return
    const url = URL.parse(text.trim())
    if (url && take(url.searchParams) === 'answer') return
    wrong = url ? new WrongState().message : 'this is no URL: copy all of what the browser shows as its address'
  }
}

function loginOf(
  { key, by, now, newId }: LogIn,
  { issuer, resource }: Discovered,
  { information, registered }: Client,
  { access_token, refresh_token, expires_at, scopes }: ReturnType<typeof granted>,
): Login {
  return {
    ...key,
    login_id: newId(),
    issuer,
    resource,
    scopes,
    ...(expires_at !== undefined && { expires_at }),
    made_at: now().toISOString(),
    made_by: by,
    secrets: {
      access_token,
      ...(refresh_token !== undefined && { refresh_token }),
      client: registered ? information : { client_id: information.client_id },
    },
  }
}
