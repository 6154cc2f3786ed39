import type { Progress } from '../../model/call.ts'
import type { EventData } from '../../model/event.ts'

/** What is going on this moment, as the live view shows it: a call that has not settled, or a pause before the next. */
export interface RunningCall {
  label: string
  /** Milliseconds since the epoch. */
  since: number
  progress?: Progress
  /** Of a pause: when it is over. */
  until?: number
}

type Intent = EventData['call_intended']

/** The calls of one run that have not settled, and the pauses before those that are made again. */
export class InFlight {
  private readonly calls = new Map<string, RunningCall>()
  /** By task: a task makes one call at a time. */
  private readonly pauses = new Map<string, RunningCall>()

  start({ call_id, task_id }: Pick<Intent, 'call_id' | 'task_id'>, label: string, at: string): void {
    this.pauses.delete(task_id)
    this.calls.set(call_id, { label, since: Date.parse(at) })
  }

  settle({ call_id, task_id }: Pick<Intent, 'call_id' | 'task_id'>, { next }: EventData['call_settled']): void {
    const call = this.calls.get(call_id)
    this.calls.delete(call_id)
    if (call && (next.do === 'retry' || next.do === 'lookup'))
      this.pauses.set(task_id, { label: call.label, since: call.since, until: Date.parse(next.at) })
  }

  /** Keeps what a call says of itself. True where it says something new. */
  progress(callId: string, progress: Progress): boolean {
    const call = this.calls.get(callId)
    if (!call) return false
    const isNew = progress.message !== undefined && progress.message !== call.progress?.message
    call.progress = progress
    return isNew
  }

  has(callId: string): boolean {
    return this.calls.has(callId)
  }

  /** All of them but the calls that `isTold` says are told elsewhere. */
  running(isTold: (callId: string) => boolean): RunningCall[] {
    const calls = [...this.calls].flatMap(([id, call]) => (isTold(id) ? [] : [call]))
    return [...calls, ...this.pauses.values()]
  }
}
