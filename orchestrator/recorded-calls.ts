import type { OpenPursuits } from './open-pursuits.ts'
import type { CancellableGateway } from './run/cancellable-gateway.ts'
import type { CallRuns } from './run/host-calls.ts'

/** Single calls as runs in the record, pursued in this process. */
export function recordedCalls(
  { createRun, pursuits }: Pick<OpenPursuits, 'createRun' | 'pursuits'>,
  gateway: CancellableGateway,
): CallRuns {
  return {
    canBeAnswered: true,
    create: (goal, input, owner) => createRun(goal, input, { mine: true, owner, reasoner: 'planner' }),
    pursue: (runId, { onProgress, ...options }) =>
      pursuits.untilItRests(runId, { ...options, onProgress: (_, progress) => onProgress(progress) }),
    cancelCalls: (runId) => gateway.cancel(runId),
  }
}
