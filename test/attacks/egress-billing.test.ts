import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type EmulatedSystems, openEmulatedSystems } from '../support/emulated-systems.ts'

vi.setConfig({ testTimeout: 60_000 })

let systems: EmulatedSystems
beforeAll(async () => {
  systems = await openEmulatedSystems()
})
afterAll(() => systems.close())

const keys = () => {
  const read = (...path: string[]) => JSON.parse(readFileSync(join(systems.home, 'emulators', ...path), 'utf8'))
  return { billing: read('billing', 'stripe.json').api_key, slack: read('slack', 'workspace.json').token }
}

/** The environment of the process that runs a server of this home. */
function environmentOf(server: string): string {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8')
      if (command.includes(`servers/${server}/main.ts`) && environment.includes(`${systems.home}/`)) return environment
    } catch {
      // It has ended meanwhile, or is another user's.
    }
  }
  throw new Error(`${server} does not run`)
}

describe.runIf(process.platform === 'linux')('the process of', () => {
  test.each(['billing', 'slack'] as const)('%s does not hold its vendor’s key', (server) => {
    const { [server]: key } = keys()
    expect(key).toMatch(/^(sk_test_|xoxb-)/)
    expect(environmentOf(server)).toContain('REMIT_LAUNCHED=1')
    expect(environmentOf(server)).not.toContain(key)
  })
})

test('an onboarding says which call caused which request, and holds no key', async () => {
  const goal = systems.workplace.goal('onboard')
  const input = systems.workplace.checkInput(goal, systems.customer('brokered'))
  const runId = await systems.remit.createRun(goal, input)
  const situation = await systems.pursue(runId)
  expect(situation.status).toBe('succeeded')
  const requests = [...situation.calls.values()].flatMap(({ server, tool, egress = [] }) =>
    egress.map(({ endpoint, method, path, status, attribution }) =>
      [`${server}.${tool}`, endpoint, method, path?.replace(/(cus|pm)_\w+/, '$1'), status, attribution].join(' '),
    ),
  )
  expect(requests).toEqual(
    expect.arrayContaining([
      'billing.create_customer STRIPE_API_BASE POST /v1/customers 200 exact',
      'billing.create_subscription STRIPE_API_BASE GET /v1/prices 200 exact',
      'billing.create_subscription STRIPE_API_BASE POST /v1/subscriptions 200 exact',
      'slack.post_message SLACK_API_URL POST /chat.postMessage 200 exact',
    ]),
  )
  const events = JSON.stringify(await systems.remit.events(runId))
  for (const key of Object.values(keys())) expect(events).not.toContain(key)
})
