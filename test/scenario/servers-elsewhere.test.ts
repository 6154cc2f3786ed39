import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type ManInTheMiddle, manInTheMiddle } from '../../orchestrator/execute/fixtures/man-in-the-middle.ts'
import { openHome } from '../../orchestrator/home/home.ts'
import type { RunDocument } from '../../orchestrator/run/document.ts'
import { startStripeEmulator } from '../../servers/billing/emulator/start.ts'
import type { RunningEmulator } from '../../shared/capability/emulator.ts'
import { removePlacedData } from '../support/placed-data.ts'
import { remit } from '../support/remit-command.ts'
import { type NodeProcess, spawnNode } from '../support/spawn-node.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

// A goal whose billing server runs elsewhere, as an operator has it: several URLs in the configuration, and one of them is dead.

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let home: string
let vendor: RunningEmulator
const instances: NodeProcess[] = []
const men: ManInTheMiddle[] = []

beforeAll(async () => {
  folder = await temporaryFolder('remit-elsewhere-')
  home = join(folder.path, 'home')
  await mkdir(join(folder.path, 'stripe'))
  vendor = await startStripeEmulator(join(folder.path, 'stripe'))
  for (const url of await Promise.all(['first', 'second'].map(startBilling))) men.push(await manInTheMiddle(url))
})

afterAll(async () => {
  await remit(home, ['stop']).ended
  await Promise.all([...men, ...instances].map((each) => each[Symbol.asyncDispose]()))
  await vendor.close()
  await removePlacedData(openHome(home))
  await folder.remove()
})

/** Starts an instance with its own credentials, which Remit never gets; resolves with its URL. */
async function startBilling(name: string): Promise<string> {
  const instance = spawnNode('servers/billing/main.ts', [], {
    ...vendor.endpoints,
    ...vendor.credentials,
    PORT: '0',
    REMIT_TOKEN_KEYS: join(home, 'keys', 'call-tokens.jwks.json'),
    REMIT_SERVER_DATA: join(folder.path, name),
  })
  instances.push(instance)
  return /listens on (\S+)/.exec(await instance.until(/listens on \S+\n/, 'stderr'))?.[1] ?? ''
}

test('onboards a customer with the instances that are there', async () => {
  const nobody = 'http://127.0.0.1:9/mcp'
  const config = {
    servers: {
      organizations: { database: 'schema' },
      provisioning: { database: 'provisioner' },
      billing: { url: [nobody, ...men.map(({ url }) => url)] },
    },
  }
  const file = join(folder.path, 'remit.config.yaml')
  // JSON is YAML.
  await writeFile(file, JSON.stringify(config))
  const run = remit(home, ['run', 'onboard', '--input', 'examples/acme.json', '--json'], { REMIT_CONFIG: file })
  const { code, stdout, stderr } = await run.ended
  expect(code).toBe(0)
  const document = JSON.parse(stdout) as RunDocument
  const billing = document.calls.filter(({ server }) => server === 'billing')
  expect(billing.map(({ tool, status, attempt }) => [tool, status, attempt])).toEqual([
    ['create_customer', 'succeeded', 1],
    ['create_subscription', 'succeeded', 1],
  ])
  const served = men.map(({ seen }) => seen.filter(({ body }) => body.includes('"tools/call"')).length)
  expect(served).toEqual([1, 1])
  expect(stdout + stderr).not.toContain(Object.values(vendor.credentials)[0])
})
