import type { Places } from './careful-fetch.ts'
import { LoginError } from './login-error.ts'
import { nearestOf, type Reach, type Resolve, reachOf, resolveByDns } from './reach.ts'
import type { OAuthServer } from './settings.ts'

/** Where the metadata of a server may point: no nearer than what the operator wrote down, and no farther than the mode lets. */
export async function placesOf(
  { url, others, settings }: OAuthServer,
  farthest: Reach,
  resolve: Resolve = resolveByDns,
): Promise<Places> {
  const written = [url, ...others, settings.issuer ?? []].flat()
  const reaches = written.map(async (one) => {
    const { hostname, origin } = new URL(one)
    return reachOf(hostname, resolve).catch((cause: unknown) => {
      throw new LoginError(`${origin} cannot be reached: it has no address`, { passing: true, cause })
    })
  })
  return { nearest: nearestOf(await Promise.all(reaches)), farthest }
}
