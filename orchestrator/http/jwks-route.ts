import { Hono } from 'hono'
import type { HttpEnv, RouteModule } from './http-env.ts'

/** What the route publishes: the public keys that call tokens are checked with. */
export interface PublicKeys {
  published(): Promise<{ keys: object[] }>
}

/** Seconds that a server may keep the keys: a key is published a day before it signs. */
const keptSeconds = 600

/** `GET /.well-known/jwks.json`, open to all: there is nothing in it that must not be seen. */
export function jwksRoute(keys: PublicKeys): RouteModule {
  const routes = new Hono<HttpEnv>().get('/.well-known/jwks.json', async (context) => {
    context.header('cache-control', `public, max-age=${keptSeconds}`)
    return context.json(await keys.published())
  })
  return { access: 'open', routes }
}
