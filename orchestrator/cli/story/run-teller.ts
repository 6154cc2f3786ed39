import type { Json } from '../../../shared/json.ts'
import type { Progress } from '../../model/call.ts'
import type { Event } from '../../model/event.ts'
import type { Situation } from '../../model/situation.ts'
import { goalServer } from '../../model/sub-goals.ts'
import { count } from '../text/count.ts'
import { bad, block, doubtful, faint, heading, type Line, name, paragraph } from '../text/line.ts'
import { Asked } from './asked.ts'
import { attemptText, callLabel, isOneOfMany, relationText } from './call-words.ts'
import { decisionLines, refusedDecisionLines } from './decision-lines.ts'
import { InFlight } from './in-flight.ts'
import { aftermath, markOf } from './outcome.ts'
import { labelOf, planLines, widestWave } from './plan.ts'
import { progressText } from './progress-text.ts'
import { shortId } from './short-id.ts'
import type { Of, Teller } from './teller.ts'
import type { Timeline } from './timeline.ts'
import { undoneLine } from './undo-lines.ts'
import { waitLines } from './wait-lines.ts'

/** More messages than this of one call go to the live view only. */
const mostProgressLines = 12

/** Tells a run in full: its plans, every call with the lane it holds, what is asked, and the undo. */
export class RunTeller implements Teller {
  readonly inFlight = new InFlight()
  private readonly timeline: Timeline
  private readonly numbers = new Map<string, number>()
  readonly asked: Asked
  private readonly progressLines = new Map<string, number>()
  private lastWhy = ''

  constructor(timeline: Timeline, input: Json) {
    this.timeline = timeline
    this.asked = new Asked(input)
  }

  tell(event: Event, situation: Situation): Line[] {
    const { columns } = this.timeline
    switch (event.type) {
      case 'run_created':
        return [['  ', faint('run'.padEnd(9)), event.run_id]]
      case 'work_inherited': {
        const { from, tasks } = event.data
        const what = `${count(tasks.length, 'task')} of ${shortId(from.run_id)}, as it stood after its event ${from.seq}`
        return paragraph(['  ', faint('inherits'.padEnd(9))], what, columns)
      }
      case 'decision_made':
        this.lastWhy = event.data.decision.why
        return decisionLines(event.data, columns)
      case 'decision_refused':
        return refusedDecisionLines(event.data, columns)
      case 'plan_accepted': {
        const { tasks } = event.data
        this.timeline.lanes.widen(widestWave(tasks))
        return [[], ...planLines(tasks, columns, { numbers: this.numbers, input: situation.input }), []]
      }
      case 'task_fanned_out': {
        const { task_id, items } = event.data
        const apart = situation.tasks.get(task_id)?.tool.startsWith(`${goalServer}.`)
          ? ', each in a run of its own'
          : ''
        return [this.timeline.line(event.at, ['  ', name(task_id), ` for ${count(items, 'item')}${apart}`])]
      }
      case 'call_intended':
        return this.started(event, situation)
      case 'call_settled':
        return this.settled(event, situation)
      case 'task_refused':
        return this.refused(event)
      case 'wait_started':
        this.asked.start(event.data)
        return waitLines(event.data, columns)
      case 'wait_ended':
        return this.answered(event)
      case 'cancel_requested': {
        const { by, why } = event.data
        const reason = why === undefined ? '' : `: ${why}`
        return [this.timeline.line(event.at, [doubtful('Cancel'), ` asked for by ${by}${reason}`])]
      }
      case 'compensation_started':
        return [
          [],
          [heading(`Undoing ${count(event.data.calls.length, 'call')}, newest first`)],
          ...(event.data.reason === this.lastWhy ? [] : block(['  '], event.data.reason, columns)),
        ]
      case 'compensation_finished':
        return [undoneLine(event.data)]
      default:
        return []
    }
  }

  /** One line for each new message, as long as there are not too many. */
  progress(callId: string, progress: Progress, now: number): Line[] {
    const told = this.progressLines.get(callId) ?? 0
    if (!this.inFlight.progress(callId, progress) || told >= mostProgressLines) return []
    this.progressLines.set(callId, told + 1)
    const gutter = this.timeline.lanes.draw(callId, '├')
    return [this.timeline.line(new Date(now).toISOString(), [faint(`  · ${progressText(progress)}`)], gutter)]
  }

  private started({ data, at }: Of<'call_intended'>, situation: Situation): Line[] {
    const call = situation.calls.get(data.call_id)
    if (!call) return []
    const label = callLabel(call, situation)
    this.inFlight.start(call, label, at)
    const notes = `${relationText(call, situation)}${attemptText(call)}`
    // So many lanes would push the story off the screen.
    const gutter = isOneOfMany(call.task_id, situation) ? undefined : this.timeline.lanes.open(call.call_id)
    return [this.timeline.line(at, ['→ ', name(label), faint(notes)], gutter)]
  }

  private settled(event: Of<'call_settled'>, situation: Situation): Line[] {
    const { data, at } = event
    const call = situation.calls.get(data.call_id)
    if (!call) return []
    this.inFlight.settle(call, data)
    const gutter = this.timeline.lanes.close(data.call_id)
    const content = [markOf(data.outcome), ' ', name(callLabel(call, situation)), faint(attemptText(call))]
    return [
      this.timeline.took(data.started_at, data.settled_at, at, content, gutter),
      ...this.timeline.details(aftermath(call, event), { brief: isOneOfMany(call.task_id, situation) }),
    ]
  }

  private refused({ data, at }: Of<'task_refused'>): Line[] {
    const { failure, verdict } = data
    return [
      this.timeline.line(at, [bad('✗'), ' ', name(labelOf({ id: data.task_id, tool: data.tool })), ' was not called']),
      ...this.timeline.details([
        `${failure.kind}: ${failure.message}`,
        ...(failure.issues ?? []).map(({ path, message }) => `${path} ${message}`),
        ...(verdict.rule === failure.kind ? [] : [`Policy says ${verdict.verdict}, by the rule ${verdict.rule}.`]),
      ]),
    ]
  }

  private answered({ data, at }: Of<'wait_ended'>): Line[] {
    const { title, details } = this.asked.end(data)
    return [this.timeline.line(at, title), ...this.timeline.details(details)]
  }
}
