import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Source } from '../../orchestrator/execute/credentials/read-source.ts'
import { openEraVerdicts } from '../../orchestrator/execute/era-verdicts.ts'
import { type Gateway, openGateway } from '../../orchestrator/execute/gateway.ts'
import { launcher } from '../../orchestrator/execute/launcher.ts'
import type { DriverChoice } from '../../orchestrator/execute/sandbox/choose-driver.ts'
import { openJailer } from '../../orchestrator/execute/sandbox/open-jailer.ts'
import { openHome } from '../../orchestrator/home/home.ts'
import { joinHome } from '../../orchestrator/home/shared-process.ts'
import type { CallResult } from '../../orchestrator/model/call.ts'
import { catalogueOf } from '../../orchestrator/model/catalogue.ts'
import { createSealer, sealKeyBytes } from '../../orchestrator/model/seal.ts'
import { manifestOf } from '../../shared/capability/manifest-of.ts'
import type { JsonObject } from '../../shared/json.ts'
import { server as prober } from '../attacks/fixtures/prober.ts'
import { noEmulator } from './no-emulator.ts'
import { root } from './remit-command.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { openVendor, type Vendor } from './vendor.ts'

/** What the prober holds, and what it does not. */
export const [token, key] = ['token_that_it_holds_0123456789', 'sk_live_that_it_does_not_hold/0123456789']

export interface ProberGateway extends AsyncDisposable {
  gateway: Gateway
  vendor: Vendor
  strays: object[]
  call(args: JsonObject): Promise<CallResult>
  pid(): number
  /** Everything that was written so far: files under the home, logs, results. */
  written(): Promise<string>
}

/** The hostile server, launched as the product launches one, in live mode, and in the strongest jail unless another is named. */
export async function openProberGateway({
  driver = 'auto',
  sources = {},
}: {
  driver?: DriverChoice
  /** Of its slots, where they are others than the usual ones. */
  sources?: Record<string, Source>
} = {}): Promise<ProberGateway> {
  const folder = await temporaryFolder('remit-prober-')
  const vendor = await openVendor()
  const home = openHome(join(folder.path, 'home'))
  const membership = await joinHome(home)
  const told: object[] = []
  const strays: object[] = []
  const manifest = { ...manifestOf(prober), command: ['node', 'test/attacks/fixtures/prober-main.ts'] }
  const jailer = await openJailer({
    choice: { driver, minimum: 'none', none_by_manifest: true },
    root,
    home: home.path,
    environment: process.env,
    onProof: async () => {},
  })
  const gateway = openGateway({
    catalogue: catalogueOf({ version: 1, servers: [manifest] }),
    launch: launcher({
      jailer,
      home,
      emulatorOf: noEmulator,
      root,
      mode: 'live',
      sources: () => ({
        PROBER_API: { value: vendor.url },
        PROBER_KEY: { env: 'KEY' },
        PROBER_TOKEN: { env: 'TOKEN' },
        ...sources,
      }),
      environment: { KEY: key, TOKEN: token },
      databaseUrl: () => 'postgres://unused',
      onStray: (_, record) => strays.push(record),
    }),
    sealers: (run) => createSealer(run, new Uint8Array(sealKeyBytes)),
    verdicts: openEraVerdicts(join(home.path, 'eras.json'), () => new Date()),
    now: () => new Date(),
    log: { warn: (details, message) => told.push({ message, ...details }) },
  })
  let calls = 0
  return {
    gateway,
    vendor,
    strays,
    async call(args) {
      const result = await gateway.call(
        {
          run_id: 'run',
          call_id: `call-${++calls}`,
          server: 'prober',
          tool: 'send_requests',
          arguments: args,
          idempotency_key: `key-${calls}`,
          deadline: new Date(Date.now() + 60_000).toISOString(),
          traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`,
        },
        { signal: new AbortController().signal },
      )
      told.push(result)
      return result
    },
    pid: () => gateway.pids()[0] ?? 0,
    async written() {
      const entries = await readdir(folder.path, { recursive: true, withFileTypes: true })
      const files = entries.filter((entry) => entry.isFile())
      const texts = await Promise.all(files.map((file) => readFile(join(file.parentPath, file.name), 'latin1')))
      return [JSON.stringify([told, strays, gateway.status()]), ...texts].join('\n')
    },
    async [Symbol.asyncDispose]() {
      await gateway.close()
      await membership.leave()
      await vendor[Symbol.asyncDispose]()
      await folder.remove()
    },
  }
}
