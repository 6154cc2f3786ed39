import type { Task } from '../orchestrator/model/decision.ts'
import type { Journal } from '../orchestrator/record/journal.ts'
import type { RunGateway } from '../orchestrator/run/parts.ts'
import { createPlannedRun, type Planned, pursuePlanned } from '../test/support/planned-run.ts'
import { ledger } from './ledger.ts'

/** What the calls of a chain go through. */
export interface ChainParts {
  journal: Journal
  gateway: RunGateway
}

/** So many entries, each added after the one before it: no call can start before another has settled. */
export function chainOf(calls: number): Task[] {
  return Array.from({ length: calls }, (_, index) => ({
    id: `add_${index}`,
    tool: 'ledger.add_entry',
    arguments: {
      text: `number ${index}`,
      ...(index === 0 ? {} : { after: { $ref: `/tasks/add_${index - 1}/output/entry_id` } }),
    },
    after: [],
    why: '',
  }))
}

/** Creates a run of so many dependent calls and pursues it to its end; returns its id. */
export async function chainRun(parts: ChainParts, calls: number): Promise<string> {
  const planned: Planned = { ...parts, catalogue: ledger, outcomes: ['ledger.entry'], tasks: chainOf(calls) }
  const runId = await createPlannedRun(planned)
  await pursuePlanned(runId, planned)
  return runId
}
