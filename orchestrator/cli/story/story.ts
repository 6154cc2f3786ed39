import type { Progress } from '../../model/call.ts'
import type { Decision } from '../../model/decision.ts'
import type { Event, EventData } from '../../model/event.ts'
import { count } from '../text/count.ts'
import { between, duration, elapsed } from '../text/duration.ts'
import { issueLines } from '../text/issue-lines.ts'
import {
  bad,
  block,
  doubtful,
  faint,
  good,
  heading,
  type Line,
  name,
  paragraph,
  type Span,
  spread,
} from '../text/line.ts'
import { Lanes } from './lanes.ts'
import { aftermath, markOf } from './outcome.ts'
import { labelOf, planLines, widestWave } from './plan.ts'

type Of<Type extends Event['type']> = Extract<Event, { type: Type }>
type Intent = EventData['call_intended']

/** A call that has not settled, as the live view shows it. */
export interface RunningCall {
  label: string
  since: number
  progress?: Progress
}

const timeColumns = 9
/** More messages than this of one call go to the live view only. */
const mostProgressLines = 12

/**
 * Tells a run as it happens, event by event, in lines that are only ever appended. All times are the record's own, so a
 * run that is told later reads the same.
 */
export class Story {
  private readonly columns: number
  private readonly lanes = new Lanes(1)
  private readonly numbers = new Map<string, number>()
  private readonly calls = new Map<string, Intent>()
  private readonly inFlight = new Map<string, RunningCall & { lines: number }>()
  private startedAt = ''
  private lastWhy = ''

  constructor(columns: number) {
    this.columns = columns
  }

  running(): RunningCall[] {
    return [...this.inFlight.values()]
  }

  tell(event: Event): Line[] {
    switch (event.type) {
      case 'run_created':
        this.startedAt = event.at
        return [['  ', faint('run'.padEnd(9)), event.run_id]]
      case 'decision_made':
        return this.decided(event)
      case 'decision_refused':
        return [
          [bad('✗'), ' The runtime does not accept this decision:'],
          ...issueLines(event.data.problems, this.columns),
        ]
      case 'plan_accepted':
        this.lanes.widen(widestWave(event.data.tasks))
        return [[], ...planLines(event.data.tasks, this.columns, this.numbers), []]
      case 'call_intended':
        return this.started(event)
      case 'call_settled':
        return this.settled(event)
      case 'task_refused':
        return this.refused(event)
      case 'wait_started':
        return this.waits(event)
      case 'wait_ended':
        return [
          this.line(event.at, [
            'Answered ',
            heading(event.data.choice),
            ` by ${event.data.by}${because(event.data.why)}`,
          ]),
        ]
      case 'cancel_requested':
        return [this.line(event.at, [doubtful('Cancel'), ` asked for by ${event.data.by}${because(event.data.why)}`])]
      case 'compensation_started':
        return [
          [],
          [heading(`Undoing ${count(event.data.calls.length, 'call')}, newest first`)],
          ...(event.data.reason === this.lastWhy ? [] : block(['  '], event.data.reason, this.columns)),
        ]
      case 'compensation_finished':
        return undone(event.data, this.columns)
      default:
        return []
    }
  }

  /** What a long call says of itself: one line for each new message, as long as there are not too many. */
  progress(callId: string, progress: Progress, now: number): Line[] {
    const call = this.inFlight.get(callId)
    if (!call) return []
    const isNew = progress.message !== undefined && progress.message !== call.progress?.message
    call.progress = progress
    if (!isNew || call.lines >= mostProgressLines) return []
    call.lines += 1
    const gutter = this.lanes.draw(callId, '├')
    return [this.line(new Date(now).toISOString(), [faint(`  · ${progressText(progress)}`)], gutter)]
  }

  private decided({ data: { decision, reasoner, duration_ms } }: Of<'decision_made'>): Line[] {
    this.lastWhy = decision.why
    const title: Line = [heading(`Decided: ${what(decision)}`)]
    const by = [faint(`${reasoner}, ${duration(duration_ms)}`)]
    return [
      [],
      spread(title, by, this.columns),
      ...(decision.why === '' ? [] : block(['  '], decision.why, this.columns)),
      ...(decision.kind === 'give_up' ? issueLines(decision.issues, this.columns) : []),
    ]
  }

  private started({ data, at }: Of<'call_intended'>): Line[] {
    this.calls.set(data.call_id, data)
    this.inFlight.set(data.call_id, { label: callLabel(data), since: Date.parse(at), lines: 0 })
    const gutter = this.lanes.open(data.call_id)
    return [this.line(at, ['→ ', name(callLabel(data)), faint(`${this.relation(data)}${attemptOf(data)}`)], gutter)]
  }

  private settled(event: Of<'call_settled'>): Line[] {
    const { data, at } = event
    const call = this.calls.get(data.call_id)
    if (!call) return []
    this.inFlight.delete(data.call_id)
    const gutter = this.lanes.close(data.call_id)
    const took = duration(between(data.started_at, data.settled_at))
    const line = this.line(at, [markOf(data.outcome), ' ', name(callLabel(call)), faint(attemptOf(call))], gutter)
    return [spread(line, [took], this.columns), ...this.details(aftermath(call, event))]
  }

  private refused({ data, at }: Of<'task_refused'>): Line[] {
    const { failure, verdict } = data
    return [
      this.line(at, [bad('✗'), ' ', name(labelOf({ id: data.task_id, tool: data.tool })), ' was not called']),
      ...this.details([
        `${failure.kind}: ${failure.message}`,
        ...(failure.issues ?? []).map(({ path, message }) => `${path} ${message}`),
        ...(verdict.rule === failure.kind ? [] : [`Policy says ${verdict.verdict}, by the rule ${verdict.rule}.`]),
      ]),
    ]
  }

  private waits({ data }: Of<'wait_started'>): Line[] {
    const width = Math.max(...data.choices.map(({ choice }) => choice.length))
    const until = data.until === undefined ? '' : ` until ${data.until}`
    return [
      [],
      [doubtful('Waiting'), ` for ${data.for === 'timer' ? 'a timer' : 'a person'}${until}`],
      ...block(['  '], data.question, this.columns),
      ...data.choices.flatMap(({ choice, title }) =>
        paragraph(['    ', heading(choice.padEnd(width)), '  '], title, this.columns),
      ),
    ]
  }

  /** What a call has to do with an earlier one. */
  private relation({ compensates, looks_up }: Intent): string {
    const earlier = this.calls.get(compensates ?? looks_up ?? '')
    if (!earlier) return ''
    return compensates === undefined ? `  did ${earlier.tool} happen?` : `  undoes ${earlier.tool}`
  }

  private line(at: string, content: Line, gutter = this.lanes.draw()): Line {
    const time = elapsed(between(this.startedAt, at)).padStart(timeColumns)
    return [faint(time), ' ', gutter, ' ', ...content]
  }

  private details(texts: readonly string[]): Line[] {
    const first: Line = [' '.repeat(timeColumns + 1), this.lanes.draw(), '   ']
    return texts.flatMap((text) => block(first, text, this.columns))
  }
}

export function progressText({ done, total, message }: Progress): string {
  const share = total === undefined ? '' : ` (${done}/${total})`
  return `${message ?? `${done}`}${message === undefined && total !== undefined ? `/${total}` : share}`
}

function attemptOf({ attempt }: Intent): string {
  return attempt > 1 ? `  attempt ${attempt}` : ''
}

function callLabel({ server, tool, task_id, purpose }: Intent): string {
  return purpose === 'task' ? labelOf({ id: task_id, tool: `${server}.${tool}` }) : `${server}.${tool}`
}

function what(decision: Decision): string {
  switch (decision.kind) {
    case 'plan':
      return `a plan of ${count(decision.tasks.length, 'call')}`
    case 'find_tools':
      return `look for tools ("${decision.query}")`
    case 'ask':
      return 'ask a person'
    case 'finish':
      return `finish, with evidence for ${count(decision.outcomes.length, 'outcome')}`
    case 'give_up':
      return `give up (${decision.code})`
  }
}

function undone({ status, remaining }: EventData['compensation_finished'], columns: number): Line[] {
  const sentence: Record<typeof status, [Span, string]> = {
    complete: [good('✓'), ' Undo complete: nothing of what this run did remains.'],
    partial: [bad('✗'), ' Undo partial: this remains.'],
    none: [good('✓'), ' There was nothing to undo.'],
  }
  return [sentence[status], ...remaining.flatMap(({ tool, why }) => paragraph(['  ', name(tool), '  '], why, columns))]
}

function because(why: string | undefined): string {
  return why === undefined ? '' : `: ${why}`
}
