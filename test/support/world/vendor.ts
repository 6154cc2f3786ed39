import type { Failure } from '../../../shared/failure.ts'
import type { JsonObject } from '../../../shared/json.ts'

/** On whose call something is done. */
export interface Doing {
  run_id: string
  call_id: string
  key: string
  /** Rehearsed: the thing is done badly, or breaks off half-way. Who cannot fail in that way ignores it. */
  mishap?: 'unsatisfied' | 'half'
}

/** What a vendor answers to one call. A failure may say what was done by then. */
export type Answer = { ok: true; output: JsonObject } | { ok: false; failure: Failure }

/** One function of a vendor: changes its state at once, and answers. */
export type Perform = (args: JsonObject, doing: Doing) => Answer

/** Something that a run left in a system. */
export interface Trace {
  system: string
  /** What it is to people, and the same however often it is made: two traces with one label are a duplicate. */
  label: string
  id: string
  call_id: string
  run_id: string
  /** False for what is half-made, or not as it was promised. */
  good: boolean
}

/** A fake system: its tools by name, and what there is in it now. */
export interface Vendor {
  tools: Record<string, Perform>
  traces(): Trace[]
  /** Everything that was ever made here, also what is gone. */
  everMade(): Trace[]
}

export const answer = (output: JsonObject): Answer => ({ ok: true, output })

export const fail = (kind: Failure['kind'], message: string, more: Partial<Failure> = {}): Answer => ({
  ok: false,
  failure: { kind, message, ...more },
})
