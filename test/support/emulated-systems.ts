import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import postgres from 'postgres'
import type { Remit, Workplace } from '../../orchestrator/cli/remit.ts'
import { readConfig } from '../../orchestrator/config.ts'
import { openHome } from '../../orchestrator/home/home.ts'
import { joinHome } from '../../orchestrator/home/shared-process.ts'
import { catalogueOf } from '../../orchestrator/model/catalogue.ts'
import type { Situation } from '../../orchestrator/model/situation.ts'
import { openWorkplace } from '../../orchestrator/open-workplace.ts'
import { ensurePostgres } from '../../orchestrator/record/embedded-postgres.ts'
import { manifestSchema } from '../../shared/manifest.ts'
import { removePlacedData } from './placed-data.ts'
import { root } from './remit-command.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** What stands in each system of one customer. */
export interface Standing {
  customers: number
  subscriptions: number
  databases: number
  roles: number
  mails: number
  told: number
}

export const whole: Standing = { customers: 1, subscriptions: 1, databases: 1, roles: 1, mails: 1, told: 1 }
export const clean: Standing = { customers: 0, subscriptions: 0, databases: 0, roles: 0, mails: 0, told: 0 }

/** The real servers over their emulators, in a home of their own that outlives one fault after another. */
export interface EmulatedSystems {
  home: string
  workplace: Workplace
  remit: Remit
  /** Arms a fault at a vendor, or ends the one that is armed. */
  setFault(server: string, mode: string | null): Promise<void>
  /** The fault that is armed at a vendor. */
  faultOf(server: string): Promise<string | null>
  /** The example's customer under another name. */
  customer(slug: string): { organization: { slug: string }; admin: { email: string } }
  pursue(runId: string, working?: Remit): Promise<Situation>
  /** Asked of the systems themselves. */
  standing(slug: string): Promise<Standing>
  /** The texts in a channel of Slack. */
  messagesIn(channel: string): string[]
  close(): Promise<void>
}

export async function openEmulatedSystems(): Promise<EmulatedSystems> {
  const folder = await temporaryFolder('remit-systems-')
  const home = join(folder.path, 'home')
  const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(root, 'servers', 'manifest.json'), 'utf8')))
  // A lookup is conclusive only after the deadline of what it looks up: shorter deadlines make a shorter bad day.
  for (const { tools } of manifest.servers) for (const tool of tools) tool.timeout_ms = Math.min(tool.timeout_ms, 8_000)
  const workplace = openWorkplace(readConfig({ REMIT_HOME: home }), catalogueOf(manifest))
  const membership = await joinHome(openHome(home))
  const remit = await workplace.open({ servers: true })
  const { adminUrl } = await ensurePostgres(membership, openHome(home))
  const sql = postgres(adminUrl, { max: 1, onnotice: () => {} })

  const faultsOf = async (server: string): Promise<string> => {
    const { services } = await membership.status()
    const info = services.find(({ name }) => name === `emulator-${server}`)?.info as { control: string }
    return `${info.control.replace(/\/$/, '')}/faults`
  }
  const stateOf = (vendor: string, file: string) =>
    JSON.parse(readFileSync(join(home, 'emulators', vendor, file), 'utf8'))
  const messagesIn = (channel: string): string[] =>
    stateOf('slack', 'workspace.json').messages.flatMap((message: { channel: string; text: string }) =>
      message.channel === channel ? [message.text] : [],
    )
  return {
    home,
    workplace,
    remit,
    async faultOf(server) {
      const reply = await fetch(await faultsOf(server))
      return ((await reply.json()) as { mode: string | null }).mode
    },
    async setFault(server, mode) {
      const reply = await fetch(await faultsOf(server), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ mode }),
      })
      if (!reply.ok) throw new Error(`the emulator of ${server} does not rehearse ${mode}: ${await reply.text()}`)
    },
    customer(slug) {
      const acme = JSON.parse(readFileSync(join(root, 'examples', 'acme.json'), 'utf8'))
      acme.organization.slug = slug
      acme.admin.email = `ada@${slug}.example`
      return acme
    },
    pursue: (runId, working = remit) =>
      working.pursue(runId, { cancel: new AbortController().signal, signal: new AbortController().signal }),
    async standing(slug) {
      const { objects } = stateOf('billing', 'stripe.json')
      const listed = (kind: string): Record<string, unknown>[] => Object.values(objects[kind] ?? {})
      const mine = listed('customers').filter(({ email, deleted }) => email === `ada@${slug}.example` && !deleted)
      const ids = mine.map(({ id }) => id)
      const workspace = `ws_${slug.replaceAll('-', '_')}`
      const [databases] = await sql`SELECT count(*)::int AS n FROM pg_database WHERE datname = ${workspace}`
      const [roles] = await sql`SELECT count(*)::int AS n FROM pg_roles WHERE rolname = ${workspace}`
      const mails = readdirSync(join(home, 'emulators', 'email', 'mail'))
      return {
        customers: mine.length,
        subscriptions: listed('subscriptions').filter(
          ({ customer, status }) => ids.includes(customer) && status !== 'canceled',
        ).length,
        databases: databases?.n,
        roles: roles?.n,
        mails: mails.filter((name) => name.includes(`@${slug}.`)).length,
        told: messagesIn('C0CUSTOMERS').filter((text) => text.includes(slug)).length,
      }
    },
    messagesIn,
    async close() {
      await remit.close()
      await sql.end()
      await membership.leave()
      await removePlacedData(openHome(home))
      await folder.remove()
    },
  }
}
