import { createMiddleware } from 'hono/factory'
import type { Scope } from '../model/caller.ts'
import type { HttpContext, HttpEnv } from './http-env.ts'
import { ProblemError } from './problem.ts'
import type { Authenticate } from './service.ts'

/** What a browser opens by an address alone: there a key may also come as the password of HTTP's own log-in. */
export const pages = ['/reference', '/openapi.json']

/** Lets in who has a valid key or token, and says to every route behind it who that is. */
export function authentication(authenticate: Authenticate) {
  return createMiddleware<HttpEnv>(async (context, next) => {
    const credential = credentialOf(context)
    const caller = credential === undefined ? undefined : await authenticate(credential)
    if (credential === undefined || !caller) throw unauthorized(context, credential !== undefined)
    context.set('caller', caller)
    context.set('isStillAllowed', async () => (await authenticate(credential)) !== undefined)
    await next()
  })
}

/** Lets on who may do this. */
export function allow(scope: Scope) {
  return createMiddleware<HttpEnv>(async (context, next) => {
    if (!context.get('caller').scopes.has(scope))
      throw new ProblemError('denied', `This needs a key with the scope ${scope}`)
    await next()
  })
}

function credentialOf({ req }: HttpContext): string | undefined {
  const [, scheme = '', value = ''] = /^(\S+) +(\S+)$/.exec(req.header('Authorization') ?? '') ?? []
  if (/^bearer$/i.test(scheme)) return value
  if (!/^basic$/i.test(scheme) || !isPage(req)) return undefined
  return Buffer.from(value, 'base64').toString().split(':').slice(1).join(':')
}

function isPage({ method, path }: HttpContext['req']): boolean {
  return method === 'GET' && pages.includes(path)
}

function unauthorized(context: HttpContext, given: boolean): ProblemError {
  const challenge = `Bearer realm="remit"${given ? ', error="invalid_token"' : ''}`
  const headers = { 'WWW-Authenticate': isPage(context.req) ? `Basic realm="remit, the key as password"` : challenge }
  return new ProblemError(
    'unauthorized',
    given
      ? 'This key is not valid, or not any more'
      : 'Send a key as "Authorization: Bearer <key>"; remit keys makes one',
    { headers },
  )
}
