import type { JsonObject } from '../../../shared/json.ts'
import type { Progress } from '../../model/call.ts'
import type { Event } from '../../model/event.ts'
import type { Situation } from '../../model/situation.ts'
import { count } from '../text/count.ts'
import { bad, doubtful, faint, heading, type Line, name } from '../text/line.ts'
import { cut, padEnd } from '../text/width.ts'
import { Asked } from './asked.ts'
import { attemptText, callLabel, relationText } from './call-words.ts'
import { decisionText } from './decision-lines.ts'
import { InFlight } from './in-flight.ts'
import { aftermath, markOf } from './outcome.ts'
import { labelOf } from './plan.ts'
import type { Of, Teller } from './teller.ts'
import type { Timeline } from './timeline.ts'
import { undoneLine } from './undo-lines.ts'
import { waitText } from './wait-lines.ts'

export interface SubRunOptions {
  timeline: Timeline
  input: JsonObject
  /** What tells it from its siblings, and how wide a column that has. */
  tag: string
  tagWidth: number
  /** The call whose lane the run's lines are drawn in. */
  lane: () => string
  /** `calls`: a line for every call that ended. `states`: only what people have to know of, for there are many siblings. */
  detail: 'calls' | 'states'
}

/** Tells the run of a sub-goal within the story of the run that it is a part of: a line for each thing, after its tag. */
export class SubRunTeller implements Teller {
  readonly inFlight = new InFlight()
  readonly asked: Asked
  private readonly options: SubRunOptions

  constructor(options: SubRunOptions) {
    this.options = options
    this.asked = new Asked(options.input)
  }

  tell(event: Event, situation: Situation): Line[] {
    switch (event.type) {
      case 'decision_made':
        return this.decided(event, situation)
      case 'decision_refused':
        if (this.isBrief()) return []
        return [
          this.line(event.at, [bad('✗'), ' The runtime does not accept what was decided']),
          ...this.details(event.data.problems.map(({ path, message }) => `${path} ${message}`)),
        ]
      case 'call_intended':
        return this.started(event, situation)
      case 'call_settled':
        return this.settled(event, situation)
      case 'task_refused': {
        if (this.isBrief()) return []
        const { tool, task_id, failure } = event.data
        const label = labelOf({ id: task_id, tool })
        return [
          this.line(event.at, [bad('✗'), ' ', name(label), ' was not called']),
          ...this.details([`${failure.kind}: ${failure.message}`]),
        ]
      }
      case 'wait_started':
        this.asked.start(event.data)
        return [
          this.line(event.at, [doubtful('?'), ' ', heading(waitText(event.data.for))]),
          ...this.details([event.data.question]),
        ]
      case 'wait_ended':
        return this.answered(event)
      case 'cancel_requested':
        return [this.line(event.at, [doubtful('Cancel'), ` asked for by ${event.data.by}`])]
      case 'compensation_started':
        return [
          this.line(event.at, [heading(`Undoing ${count(event.data.calls.length, 'call')}`)]),
          ...this.details([event.data.reason]),
        ]
      case 'compensation_finished': {
        const { remaining } = event.data
        return [
          this.line(event.at, undoneLine(event.data)),
          ...this.details(remaining.map(({ tool, why }) => `${tool}  ${why}`)),
        ]
      }
      default:
        return []
    }
  }

  /** What a call says of itself goes to the live view alone. */
  progress(callId: string, progress: Progress): Line[] {
    this.inFlight.progress(callId, progress)
    return []
  }

  /** The first plan, the finish and what follows from giving up tell themselves. */
  private decided({ seq, at, data: { decision } }: Of<'decision_made'>, { decisions }: Situation): Line[] {
    const isFirst = decisions[0]?.seq === seq
    const tellsItself = isFirst || decision.kind === 'finish' || decision.kind === 'give_up'
    if (tellsItself || this.isBrief()) return []
    return [this.line(at, [faint(`Decided: ${decisionText(decision)}`)])]
  }

  private started({ data, at }: Of<'call_intended'>, situation: Situation): Line[] {
    const call = situation.calls.get(data.call_id)
    if (call) this.inFlight.start(call, `${this.options.tag}  ${callLabel(call, situation)}`, at)
    return []
  }

  private settled(event: Of<'call_settled'>, situation: Situation): Line[] {
    const { data, at } = event
    const call = situation.calls.get(data.call_id)
    if (!call) return []
    this.inFlight.settle(call, data)
    if (this.isBrief()) return []
    const content: Line = [
      markOf(data.outcome),
      ' ',
      name(callLabel(call, situation)),
      // The undo has been told of, and what it undoes is plain from its order.
      faint(`${call.purpose === 'lookup' ? relationText(call, situation) : ''}${attemptText(call)}`),
    ]
    const { timeline } = this.options
    return [
      timeline.took(data.started_at, data.settled_at, at, this.tagged(content), this.gutter()),
      ...this.details(aftermath(call, event)),
    ]
  }

  private answered({ at, data }: Of<'wait_ended'>): Line[] {
    const { title, details } = this.asked.end(data)
    return [this.line(at, title), ...this.details(details)]
  }

  private line(at: string, content: Line): Line {
    return this.options.timeline.line(at, this.tagged(content), this.gutter())
  }

  private tagged(content: Line): Line {
    const { tag, tagWidth } = this.options
    return [name(padEnd(cut(tag, tagWidth), tagWidth)), ' ', ...content]
  }

  private details(texts: readonly string[]): Line[] {
    return this.options.timeline.details(texts, { brief: this.isBrief() })
  }

  private isBrief(): boolean {
    return this.options.detail === 'states'
  }

  private gutter(): string {
    return this.options.timeline.lanes.draw(this.options.lane(), '├')
  }
}
