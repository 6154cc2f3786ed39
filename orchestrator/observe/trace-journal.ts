import type { RunJournal } from '../run/parts.ts'
import type { Tracer } from './tracer.ts'

/** The journal, whose appends are timed; without a tracer, the journal itself. */
export function traceJournal(journal: RunJournal, tracer: Tracer | undefined): RunJournal {
  if (!tracer) return journal
  return {
    read: (runId) => journal.read(runId),
    ...(journal.peek && { peek: journal.peek.bind(journal) }),
    async append(runId, drafts, change) {
      const start = Date.now()
      const append = (failed: boolean) =>
        tracer.appended({ run_id: runId, events: drafts.length, start, end: Date.now(), failed })
      try {
        const events = await journal.append(runId, drafts, change)
        append(false)
        return events
      } catch (error) {
        append(true)
        throw error
      }
    },
  }
}
