import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { simpleParser } from 'mailparser'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from '../../orchestrator/config.ts'
import { openHome } from '../../orchestrator/home/home.ts'
import { catalogueOf } from '../../orchestrator/model/catalogue.ts'
import { openWorkplace } from '../../orchestrator/open-workplace.ts'
import { startStripeEmulator } from '../../servers/billing/emulator/start.ts'
import { startMailEmulator } from '../../servers/email/emulator/start.ts'
import { startSlackEmulator } from '../../servers/slack/emulator/start.ts'
import type { RunningEmulator } from '../../shared/capability/emulator.ts'
import { manifestSchema } from '../../shared/manifest.ts'
import { removePlacedData } from '../support/placed-data.ts'
import { root } from '../support/remit-command.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

// Live mode as an operator has it, with vendors that stand elsewhere and are reached by the configuration alone.

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let home: string
let vendors: Record<'billing' | 'email' | 'slack', RunningEmulator>
let environment: Record<string, string>

beforeAll(async () => {
  folder = await temporaryFolder('remit-live-')
  home = join(folder.path, 'home')
  const place = async (name: string) => {
    await mkdir(join(folder.path, name))
    return join(folder.path, name)
  }
  vendors = {
    billing: await startStripeEmulator(await place('billing')),
    email: await startMailEmulator(await place('email')),
    slack: await startSlackEmulator(await place('slack')),
  }
  const config = {
    mode: 'live',
    servers: {
      organizations: { database: 'schema' },
      provisioning: { database: 'provisioner', settings: { WORKSPACE_DOMAIN: 'acme.example' } },
      ...Object.fromEntries(Object.entries(vendors).map(([name, vendor]) => [name, mapping(vendor)])),
      email: { ...mapping(vendors.email), settings: { EMAIL_FROM: 'Vendor <hello@vendor.example>' } },
    },
  }
  // JSON is YAML.
  await writeFile(join(folder.path, 'remit.config.yaml'), JSON.stringify(config))
  environment = {
    REMIT_HOME: home,
    REMIT_CONFIG: join(folder.path, 'remit.config.yaml'),
    ...Object.assign({}, ...Object.values(vendors).map(({ credentials }) => credentials)),
  }
})

afterAll(async () => {
  for (const vendor of Object.values(vendors)) await vendor.close()
  await removePlacedData(openHome(home))
  await folder.remove()
})

function mapping({ endpoints, credentials }: RunningEmulator) {
  const sources = (slots: object, source: (slot: string, value: string) => object) =>
    Object.fromEntries(Object.entries(slots).map(([slot, value]) => [slot, source(slot, String(value))]))
  return {
    endpoints: sources(endpoints, (_, value) => ({ value })),
    credentials: sources(credentials, (slot) => ({ env: slot })),
  }
}

async function workplaceOf(changes: Record<string, string> = {}) {
  const manifest = manifestSchema.parse(JSON.parse(await readFile(join(root, 'servers', 'manifest.json'), 'utf8')))
  return openWorkplace(readConfig({ ...environment, ...changes }), catalogueOf(manifest))
}

const never = new AbortController().signal
const watch = { cancel: never, signal: never }

describe('live mode', { timeout: 120_000 }, () => {
  test('reaches exactly the vendors that were mapped, with the operator’s settings, once somebody has agreed', async () => {
    const workplace = await workplaceOf()
    await expect(workplace.open({ servers: true })).rejects.toThrow('Nobody has agreed')
    const live = await workplace.goingLive()
    expect(live?.servers.find(({ name }) => name === 'slack')?.endpoints).toEqual([
      vendors.slack.endpoints.SLACK_API_URL,
    ])
    live?.agree()
    expect(await workplace.goingLive()).toBeUndefined()

    const remit = await workplace.open({ servers: true })
    try {
      expect(remit.emulated.size).toBe(0)
      const goal = workplace.goal('onboard')
      const acme = JSON.parse(await readFile(join(root, 'examples', 'acme.json'), 'utf8'))
      const runId = await remit.createRun(goal, workplace.checkInput(goal, acme))
      const { status, finished } = await remit.pursue(runId, watch)
      expect([status, finished?.outcomes.length]).toEqual(['succeeded', 5])

      const [mail = ''] = await readdir(join(folder.path, 'email', 'mail'))
      const { from, text } = await simpleParser(await readFile(join(folder.path, 'email', 'mail', mail)))
      expect(from?.text).toBe('"Vendor" <hello@vendor.example>')
      expect(text).toContain('https://acme.acme.example/')
      const { customers } = (await (await fetch(`${vendors.billing.control}/state`)).json()) as { customers: object }
      expect(Object.values(customers)).toMatchObject([{ name: 'Acme GmbH' }])

      const emulated = await (await workplaceOf({ REMIT_MODE: 'emulated' })).open({ servers: true })
      await expect(emulated.pursue(runId, watch)).rejects.toThrow('is live: pursue it with REMIT_MODE=live')
      await emulated.close()
    } finally {
      await remit.close()
    }
  })

  test('rehearses nothing', async () => {
    const workplace = await workplaceOf()
    await expect(workplace.open({ servers: true, faults: { billing: 'down' } })).rejects.toThrow('refused in live mode')
  })
})
