import type { Progress } from '../../model/call.ts'
import type { Event } from '../../model/event.ts'
import type { Situation } from '../../model/situation.ts'
import { goalServer } from '../../model/sub-goals.ts'
import { subRunOf, subRunsOf } from '../../model/sub-runs.ts'
import type { Line } from '../text/line.ts'
import { displayWidth } from '../text/width.ts'
import { isOneOfMany, tagOf } from './call-words.ts'
import type { RunningCall } from './in-flight.ts'
import { RunTeller } from './run-teller.ts'
import { SubRunTeller } from './sub-run-teller.ts'
import type { Teller } from './teller.ts'
import { Timeline } from './timeline.ts'

/** A longer tag is cut, so that what it stands before has room. */
const widestTag = 22

interface Told {
  teller: Teller
  situation: Situation
  /** The last event that was told. */
  seq: number
  tag: string
  /** How many runs are above it. */
  depth: number
}

/**
 * Tells a run as it happens, and the runs of its sub-goals within it, in lines that are only ever appended. All times are
 * the record's own, so a run that is told later reads the same. An event that was told is not told again.
 */
export class Story {
  private readonly columns: number
  private readonly rootId: string
  private readonly told = new Map<string, Told>()
  /** Run of a sub-goal → the call of the root whose lane it is drawn in. */
  private readonly lanes = new Map<string, string>()
  private timeline: Timeline
  private endedBlank = false

  constructor(columns: number, rootId: string) {
    this.columns = columns
    this.rootId = rootId
    this.timeline = new Timeline(columns, '')
  }

  tell(event: Event, situation: Situation): Line[] {
    const run = this.told.get(event.run_id) ?? this.begin(event, situation)
    if (!run || event.seq <= run.seq) return []
    run.seq = event.seq
    run.situation = situation
    if (event.run_id === this.rootId) this.follow(event)
    if (event.type === 'wait_started' && this.told.get(event.data.child_run ?? '')?.teller.asked.isOpen) return []
    return this.withoutDoubleBlanks(run.teller.tell(event, situation))
  }

  progress(callId: string, progress: Progress, now: number): Line[] {
    for (const { teller } of this.told.values())
      if (teller.inFlight.has(callId)) return teller.progress(callId, progress, now)
    return []
  }

  /** What is going on this moment; for a sub-goal stand the calls of its run. */
  running(): RunningCall[] {
    return [...this.told.values()].flatMap(({ teller }) => teller.inFlight.running((id) => this.told.has(id)))
  }

  private begin({ run_id }: Event, situation: Situation): Told | undefined {
    const isRoot = run_id === this.rootId
    if (isRoot) this.timeline = new Timeline(this.columns, situation.created_at)
    const parent = this.told.get(situation.created.parent?.run_id ?? '')
    if (!isRoot && !parent) return undefined
    const run = parent && !isRoot ? this.within(parent, situation) : this.alone(situation)
    this.told.set(run_id, run)
    return run
  }

  private alone(situation: Situation): Told {
    return { teller: new RunTeller(this.timeline, situation.created.input), situation, seq: 0, tag: '', depth: 0 }
  }

  private within(parent: Told, situation: Situation): Told {
    const { run_id, created } = situation
    const call = parent.situation.calls.get(run_id)
    const own = call ? tagOf(subRunOf(call, parent.situation)) : created.goal.goal
    const tag = parent.depth === 0 ? own : `${parent.tag} › ${own}`
    const depth = parent.depth + 1
    const oneOfMany = call !== undefined && isOneOfMany(call.task_id, parent.situation)
    const teller = new SubRunTeller({
      timeline: this.timeline,
      input: created.input,
      tag,
      tagWidth: oneOfMany ? widestTag : tagWidthFor(tag, parent.situation),
      lane: () => this.laneOf(situation),
      detail: depth > 1 || oneOfMany ? 'states' : 'calls',
    })
    return { teller, situation, seq: 0, tag, depth }
  }

  /** A run of a sub-goal is drawn in the lane of the root's call that started it, or undoes it. */
  private follow(event: Event): void {
    if (event.type !== 'call_intended' || event.data.server !== goalServer) return
    this.lanes.set(event.data.compensates ?? event.data.call_id, event.data.call_id)
  }

  private laneOf({ run_id, created }: Situation): string {
    const above = this.told.get(created.parent?.run_id ?? '')
    return this.lanes.get(run_id) ?? (above ? this.laneOf(above.situation) : '')
  }

  /** Blocks bring their own distance; two of them are not twice as far apart. */
  private withoutDoubleBlanks(lines: Line[]): Line[] {
    return lines.filter((line) => {
      const isBlank = line.length === 0
      const keep = !isBlank || !this.endedBlank
      this.endedBlank = isBlank
      return keep
    })
  }
}

/** As much as the longest tag of the siblings needs, so that what stands behind tags is aligned. */
function tagWidthFor(tag: string, parent: Situation): number {
  const tags = [tag, ...subRunsOf(parent).map(tagOf)]
  return Math.min(widestTag, Math.max(...tags.map(displayWidth)))
}
