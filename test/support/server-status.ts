import type { ServerStatus } from '../../orchestrator/model/server-status.ts'

/** How a server is that has started and done nothing yet, but for what is said. */
export function serverStatus(server: string, more: Partial<ServerStatus> = {}): ServerStatus {
  return {
    server,
    state: 'up',
    circuit: 'closed',
    calls: { in_flight: 0, queued: 0 },
    ends: 0,
    protocol_faults: 0,
    denied_egress: 0,
    quarantined: [],
    ...more,
  }
}
