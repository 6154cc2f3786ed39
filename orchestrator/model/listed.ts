import type { Json } from '../../shared/json.ts'
import type { RunStatus } from './run.ts'

/** A run as lists show it; instants are RFC 3339. */
export interface RunSummary {
  run_id: string
  goal: string
  status: RunStatus
  tenant: string
  principal: string
  /** The run that it is a part of. */
  parent_run?: string
  created_at: string
  updated_at: string
}

/** An event as people see it: sealed values as `[sealed]`, large ones as `{"$blob": digest, "size": bytes}`. */
export interface ShownEvent {
  run_id: string
  seq: number
  type: string
  v: number
  /** RFC 3339. */
  at: string
  data: Json
}

/** An approval that a run waits for. */
export interface OpenApproval {
  approval_id: string
  run_id: string
  task_id: string
  question: string
  /** RFC 3339: after it, it counts as denied. */
  until: string
}
