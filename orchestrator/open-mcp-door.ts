import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { CapabilityError } from '../shared/failure.ts'
import { didYouMean } from '../shared/nearest-name.ts'
import { withinCeiling } from './enforce/within-ceiling.ts'
import type { Home } from './home/home.ts'
import { keyFile } from './home/key-file.ts'
import type { Backend } from './mcp/backend.ts'
import type { Catalogue } from './model/catalogue.ts'
import type { Goal } from './model/goal.ts'
import type { KnownReasoner } from './model/known-reasoner.ts'
import { openMcpBackend } from './open-mcp-backend.ts'
import type { OpenPursuits } from './open-pursuits.ts'
import type { OpenRecord } from './record/open-record.ts'
import { recordedCalls } from './recorded-calls.ts'
import { callGoal } from './run/call-goal.ts'
import type { CancellableGateway } from './run/cancellable-gateway.ts'
import { HostCalls } from './run/host-calls.ts'
import { openGrowthWaits } from './until-grown.ts'

/** What MCP clients of Remit itself work with, over HTTP or stdio. */
export interface McpDoor {
  backend: Backend
  /** The same for all processes on one home, so that any of them can go on where another asked. */
  stateKey: Uint8Array
  close(): Promise<void>
}

export interface McpDoorParts {
  home: Home
  goals: readonly Goal[]
  /** Sub-goals included; they are called by goals alone. */
  catalogue: Catalogue
  reasoners: readonly KnownReasoner[]
  record: OpenRecord
  pursuing: OpenPursuits
  gateway: CancellableGateway
}

/** How long calls in flight may take to come to rest when the door closes. */
const graceMs = 1_500

export async function openMcpDoor(parts: McpDoorParts): Promise<McpDoor> {
  const { home, goals, catalogue, reasoners, record, pursuing, gateway } = parts
  const stateKey = await keyFile(join(home.keys, 'mcp-state.key'), () => randomBytes(32))
  const waits = await openGrowthWaits(record)
  const calls = new HostCalls(recordedCalls(pursuing, gateway))
  const backend = openMcpBackend({
    goals,
    catalogue,
    reasoners,
    record,
    pursuing,
    untilGrown: waits.untilGrown,
    calls: {
      async callTool({ tenant, principal, ceiling }, { tool: id, ...call }) {
        const tool = catalogue.tools.get(id)
        if (!tool || !catalogue.servers.has(tool.server))
          throw new CapabilityError('not_found', `There is no tool ${id}${didYouMean(id, [...catalogue.tools.keys()])}`)
        const narrowed = withinCeiling(callGoal(tool), { ceiling }, catalogue)
        if (!narrowed.ok) throw new CapabilityError(narrowed.failure.kind, narrowed.failure.message)
        return calls.ask({ ...call, tool, goal: narrowed.goal, owner: { tenant, principal } })
      },
      resumeCall: ({ tenant, principal }, runId, call) =>
        calls.resume(runId, { ...call, owner: { tenant, principal } }),
    },
  })
  return {
    backend,
    stateKey,
    async close() {
      await calls.close(graceMs)
      await waits.close()
    },
  }
}
