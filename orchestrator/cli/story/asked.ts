import type { Json } from '../../../shared/json.ts'
import type { EventData } from '../../model/event.ts'
import { doubtful, heading, type Line, name } from '../text/line.ts'
import { inputChanges } from './input-changes.ts'

type Wait = EventData['wait_started']

/** What one run has asked so far, so that an answer can be told with what it was about and what it changed. */
export class Asked {
  private readonly waits = new Map<string, Wait>()
  private input: Json

  constructor(input: Json) {
    this.input = input
  }

  /** True while something is asked that nobody has answered. */
  get isOpen(): boolean {
    return this.waits.size > 0
  }

  start(wait: Wait): void {
    this.waits.set(wait.wait_id, wait)
  }

  /** Who decided what, or that nobody did; then why, and each value of the input that was changed. */
  end(ended: EventData['wait_ended']): { title: Line; details: string[] } {
    const wait = this.waits.get(ended.wait_id)
    this.waits.delete(ended.wait_id)
    const before = this.input
    this.input = ended.input ?? before
    const why = ended.why === undefined || ended.by === 'deadline' ? [] : [ended.why]
    const changes = ended.input === undefined ? [] : inputChanges(before, ended.input)
    return { title: titleOf(wait, ended), details: [...why, ...changes] }
  }
}

function titleOf(wait: Wait | undefined, { choice, by }: EventData['wait_ended']): Line {
  const tool = wait?.approval?.tool
  const about: Line = tool === undefined ? [] : [', ', name(tool)]
  if (by === 'clock') return ['The time has come: ', heading(choice)]
  if (by === 'deadline') return [doubtful('Nobody answered in time'), ': ', heading(choice), ...about]
  if (tool === undefined) return ['Answered ', heading(choice), ` by ${by}`]
  return [heading(choice === 'approve' ? 'Approved' : 'Denied'), ` by ${by}`, ...about]
}
