import { join } from 'node:path'
import { openEraVerdicts } from '../orchestrator/execute/era-verdicts.ts'
import { type Gateway, openGateway } from '../orchestrator/execute/gateway.ts'
import { describeLaunch } from '../orchestrator/execute/launch.ts'
import { type Catalogue, catalogueOf } from '../orchestrator/model/catalogue.ts'
import { createSealer, type Sealer, sealKeyBytes } from '../orchestrator/model/seal.ts'
import type { RunGateway } from '../orchestrator/run/parts.ts'
import { manifestOf } from '../shared/capability/manifest-of.ts'
import { server } from './fixtures/ledger/server.ts'

export const root = join(import.meta.dirname, '..')
export const ledgerScript = 'bench/fixtures/ledger/main.ts'

/** The ledger as it would be reviewed: the manifest is derived from its code. */
export const ledger: Catalogue = catalogueOf({
  version: 1,
  servers: [{ ...manifestOf(server), command: ['node', ledgerScript] }],
})

/** The real gateway before a real ledger, which is started at once; its files lie in `dataFolder`. */
export async function ledgerGateway(dataFolder: string): Promise<Gateway> {
  const key = new Uint8Array(sealKeyBytes)
  const sealers = new Map<string, Sealer>()
  const sealerOf = (runId: string) => {
    const sealer = sealers.get(runId) ?? createSealer(runId, key)
    sealers.set(runId, sealer)
    return sealer
  }
  const gateway = openGateway({
    catalogue: ledger,
    launch: (manifest) => describeLaunch(manifest, { values: {}, secrets: [] }, { root, dataFolder }),
    sealers: sealerOf,
    verdicts: openEraVerdicts(join(dataFolder, 'eras.json'), () => new Date()),
    now: () => new Date(),
    log: { warn: (details, message) => console.warn(message, details) },
  })
  await gateway.start([server.name])
  return gateway
}

/** A gateway that answers in this process, at once: what is left is the cost of deciding and recording. */
export const idleGateway: RunGateway = {
  async call({ call_id }) {
    const at = new Date().toISOString()
    const output = { entry_id: `entry_${call_id}` }
    return { outcome: { status: 'succeeded', output }, era: '2026-07-28', started_at: at, settled_at: at, egress: [] }
  },
}
