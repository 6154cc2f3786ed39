import type { ListedLogin } from '../../model/login.ts'
import { instantText } from './instant.ts'

/** Who is logged in, what for, and how long each login lasts by itself: `local:ada (tickets:read, renewed by itself)`. */
export function loginsText(logins: readonly ListedLogin[], now: number): string {
  return logins.map((login) => `${login.principal} (${lastsText(login, now)})`).join(', ') || 'nobody'
}

/** True where calls can go by it, as far as anybody here knows. */
export function isInUse({ ended, renewable, expires_at }: ListedLogin, now: number): boolean {
  return ended === undefined && (renewable || expires_at === undefined || Date.parse(expires_at) > now)
}

function lastsText(login: ListedLogin, now: number): string {
  const scopes = login.scopes.length === 0 ? 'no scopes' : login.scopes.join(' ')
  return `${scopes}, ${untilText(login, now)}`
}

function untilText({ ended, renewable, expires_at }: ListedLogin, now: number): string {
  if (ended !== undefined) return 'ended'
  if (renewable) return 'renewed by itself'
  if (expires_at === undefined) return 'nobody knows until when'
  return Date.parse(expires_at) <= now ? 'expired' : `until ${instantText(expires_at)}`
}
