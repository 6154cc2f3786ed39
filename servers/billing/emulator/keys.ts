import { timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import type { Route } from './route.ts'
import type { EmulatorState } from './state.ts'
import { StripeRejection } from './stripe-rejection.ts'

/** Stripe's names of what a restricted key can be given, by the first word of the path. */
const resources: Record<string, string> = {
  customers: 'customer',
  payment_methods: 'payment_method',
  products: 'product',
  prices: 'plan',
  subscriptions: 'subscription',
  invoices: 'invoice',
  events: 'event',
  webhook_endpoints: 'webhook',
}

/** What a restricted key may do: `{"customer": "write", "plan": "read"}`. Writing includes reading. */
export const permissionsSchema = z.partialRecord(z.enum(Object.values(resources)), z.enum(['read', 'write']))
export type Permissions = z.infer<typeof permissionsSchema>

/** What the key of a request may do; `all` is the account's own secret key. Throws 401. */
export function permissionsOf(authorization: string | undefined, state: EmulatorState): Permissions | 'all' {
  const given = keyIn(authorization)
  if (given === undefined) throw unauthenticated('You did not provide an API key.')
  if (same(given, state.api_key)) return 'all'
  const restricted = Object.entries(state.restricted_keys).find(([key]) => same(given, key))
  if (!restricted) throw unauthenticated('Invalid API Key provided.')
  return restricted[1]
}

/** Throws 403 with the permission that is missing, in Stripe's words. */
export function requirePermission(permissions: Permissions | 'all', { method, path }: Route): void {
  if (permissions === 'all') return
  const resource = resources[path.split('/')[2] ?? ''] ?? ''
  const wanted = method === 'GET' ? 'read' : 'write'
  const held = permissions[resource]
  if (held === 'write' || held === wanted) return
  throw new StripeRejection(403, {
    type: 'invalid_request_error',
    message:
      'The provided key does not have the required permissions for this endpoint. ' +
      `Having the 'rak_${resource}_${wanted}' permission would allow this request to continue.`,
  })
}

/** As a bearer token, or as the user name of basic authentication, which curl's `-u` sends. */
function keyIn(authorization = ''): string | undefined {
  const bearer = /^Bearer (.+)$/.exec(authorization)?.[1]
  const basic = /^Basic (.+)$/.exec(authorization)?.[1]
  return bearer ?? (basic && Buffer.from(basic, 'base64').toString().split(':')[0])
}

function unauthenticated(message: string): StripeRejection {
  return new StripeRejection(401, { type: 'invalid_request_error', message })
}

function same(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)]
  return a.length === b.length && timingSafeEqual(a, b)
}
