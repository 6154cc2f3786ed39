import type { Catalogue } from '../../orchestrator/model/catalogue.ts'
import type { Goal } from '../../orchestrator/model/goal.ts'
import type { Situation } from '../../orchestrator/model/situation.ts'
import type { JsonObject } from '../../shared/json.ts'
import type { Script } from '../support/model/messages-api.ts'
import type { FaultPlan } from '../support/world/fault.ts'
import type { Vendor } from '../support/world/vendor.ts'
import type { World } from '../support/world/world.ts'

/** What a run came to, and the systems that it worked on. */
export interface Ended {
  situation: Situation
  world: World
}

/** A goal on a day, and how it should end. Whoever decides is judged by what the systems hold then, not by what it says. */
export interface Scenario {
  name: string
  catalogue: Catalogue
  goal: Goal
  input: JsonObject
  /** Fresh systems. */
  vendors(): Record<string, Vendor>
  faults?: FaultPlan
  /** What a scripted model answers. */
  script: Script
  /** True where no outcome is named, so that nothing can be planned by facts. */
  needsModel?: boolean
  /** What is wrong with how it ended; nothing where all is as it should be. */
  judge(ended: Ended): string[]
}
