import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Sql } from 'postgres'

/** How many of each there are of one customer, in the systems themselves. */
export interface LeftOutside {
  organizations: number
  databases: number
  roles: number
  customers: number
  subscriptions: number
  mails: number
  messages: number
}

export const allOutside: LeftOutside = {
  organizations: 1,
  databases: 1,
  roles: 1,
  customers: 1,
  subscriptions: 1,
  mails: 1,
  messages: 1,
}

/** Asks Postgres's catalogue (as the superuser, on Remit's database), the state of the emulators, and the mail folder. */
export async function leftOutside(home: string, sql: Sql, slug: string): Promise<LeftOutside> {
  const email = emailOf(slug)
  const { objects } = stateOf(home, 'billing', 'stripe.json')
  const listed = (kind: string): Record<string, unknown>[] => Object.values(objects[kind] ?? {})
  const customers = listed('customers').filter((customer) => customer.email === email && !customer.deleted)
  const ids = customers.map(({ id }) => id)
  const subscriptions = listed('subscriptions').filter(
    ({ customer, status }) => ids.includes(customer) && status !== 'canceled',
  )
  const { messages } = stateOf(home, 'slack', 'workspace.json')
  const told = messages.filter(
    ({ channel, text }: { channel: string; text: string }) => channel === 'C0CUSTOMERS' && text.includes(slug),
  )
  // A second one would get a number after its name.
  const workspace = `ws_${slug.replaceAll('-', '_')}%`
  const [counts] = await sql<{ organizations: number; databases: number; roles: number }[]>`
    SELECT
      (SELECT count(*)::int FROM organizations.organizations WHERE admin_email = ${email} AND status = 'active') AS organizations,
      (SELECT count(*)::int FROM pg_database WHERE datname LIKE ${workspace}) AS databases,
      (SELECT count(*)::int FROM pg_roles WHERE rolname LIKE ${workspace}) AS roles`
  return {
    organizations: counts?.organizations ?? 0,
    databases: counts?.databases ?? 0,
    roles: counts?.roles ?? 0,
    customers: customers.length,
    subscriptions: subscriptions.length,
    mails: readdirSync(join(home, 'emulators', 'email', 'mail')).filter((name) => name.endsWith(`-${email}.eml`))
      .length,
    messages: told.length,
  }
}

export function emailOf(slug: string): string {
  return `ada@${slug}.example`
}

function stateOf(home: string, vendor: string, file: string) {
  return JSON.parse(readFileSync(join(home, 'emulators', vendor, file), 'utf8'))
}
