import { readConfig } from '../../../orchestrator/config.ts'
import { holding } from '../../../orchestrator/enforce/fixtures/policies.ts'
import type { Policy } from '../../../orchestrator/enforce/policy/policy.ts'
import { withSubGoals } from '../../../orchestrator/model/sub-goals.ts'
import { type OpenPursuits, openPursuits } from '../../../orchestrator/open-pursuits.ts'
import { openReasoners } from '../../../orchestrator/reasoners.ts'
import type { OpenRecord } from '../../../orchestrator/record/open-record.ts'
import type { RunGateway } from '../../../orchestrator/run/parts.ts'
import { heldTools, stationGoals, stationTools } from './stations.ts'

/** The pursuits as the product puts them together, over the stations; without a gateway nothing is called. */
export function pursuitsOnStations(
  record: OpenRecord,
  gateway?: RunGateway,
  policy: Policy = holding(...heldTools),
): Promise<OpenPursuits> {
  const config = readConfig({})
  const goals = Object.values(stationGoals)
  return openPursuits({
    config,
    policy,
    catalogue: withSubGoals(stationTools, goals),
    goalNamed: (name) => goals.find(({ goal }) => goal === name),
    record,
    gateway,
    reasoners: openReasoners(config.claude),
  })
}
