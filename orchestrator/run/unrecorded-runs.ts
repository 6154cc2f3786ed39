import { randomBytes } from 'node:crypto'
import { mapAt } from '../../shared/json-pointer.ts'
import type { Mode } from '../model/event.ts'
import { inputProperties } from '../model/input-facts.ts'
import { createSealer, type Sealer, sealKeyBytes } from '../model/seal.ts'
import { advance } from './advance.ts'
import type { CancellableGateway } from './cancellable-gateway.ts'
import { createRun } from './create-run.ts'
import type { CallRuns } from './host-calls.ts'
import { MemoryJournal } from './memory-journal.ts'
import type { Parts } from './parts.ts'

export interface UnrecordedOptions extends Omit<Parts, 'journal' | 'gateway' | 'onEvent' | 'onProgress' | 'children'> {
  /** Whose runs they are, beside the principal of each. */
  tenant: string
  mode: Mode
  policyDigest: string
}

/** Runs that nothing keeps, for where there is no record: the rules are the same, and nobody can prove afterwards what was done. */
export interface UnrecordedRuns extends CallRuns {
  /** Opens what was sealed for a run. */
  sealer(runId: string): Sealer
}

/** The runs of one session, each forgotten when it has come to rest. `gateway` is asked for at the first call: servers open what these runs sealed. */
export function unrecordedRuns(options: UnrecordedOptions, gateway: () => CancellableGateway): UnrecordedRuns {
  const { tenant, mode, policyDigest, ...parts } = options
  const runs = new Map<string, { journal: MemoryJournal; sealer: Sealer }>()
  const runOf = (runId: string) => {
    const run = runs.get(runId)
    if (!run) throw new RangeError(`run ${runId} is not under way here`)
    return run
  }
  return {
    canBeAnswered: false,
    sealer: (runId) => runOf(runId).sealer,
    async create(goal, input, { principal }) {
      const runId = parts.newId()
      const run = {
        journal: new MemoryJournal({ tenant }, parts.clock.now),
        sealer: createSealer(runId, randomBytes(sealKeyBytes)),
      }
      const sensitive = inputProperties(goal.input).flatMap(({ pointer, sensitive }) => (sensitive ? [pointer] : []))
      const sealed = mapAt(input, sensitive, (value, pointer) => ({ ...run.sealer.seal(value, pointer) }))
      const { reasoner, catalogue } = parts
      await createRun(
        runId,
        { tenant, principal, goal, input: sealed as typeof input, mode, reasoner, catalogue, policyDigest },
        { create: (_, drafts) => run.journal.append(runId, drafts) },
      )
      runs.set(runId, run)
      return runId
    },
    async pursue(runId, { signal, cancel, onProgress }) {
      const { journal } = runOf(runId)
      const now = {
        ...parts,
        journal,
        gateway: gateway(),
        onProgress: (_: string, told: Parameters<typeof onProgress>[0]) => onProgress(told),
      }
      try {
        return await advance(runId, now, { signal, cancel })
      } finally {
        runs.delete(runId)
      }
    },
    cancelCalls: (runId) => gateway().cancel(runId),
  }
}
