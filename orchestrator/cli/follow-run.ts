import type { Situation } from '../model/situation.ts'
import { documentOf } from '../run/document.ts'
import { type Context, columnsOf, commandName, note, print, printJson } from './context.ts'
import type { Remit } from './remit.ts'
import { chartLines } from './story/chart.ts'
import { LiveView } from './story/live-view.ts'
import { Story } from './story/story.ts'
import { summaryLines } from './story/summary.ts'
import { count } from './text/count.ts'
import { doubtful, type Line } from './text/line.ts'

/** Exit codes of `run` and `answer`. */
export const exitCodes = { succeeded: 0, failed: 1, badUsage: 2, waiting: 3, cancelled: 4 } as const

/** One Ctrl-C can arrive twice: from the terminal, and from an npm that passes it on. */
const echoMs = 300

/**
 * Pursues a run before a person's eyes, and returns the exit code. The first interrupt cancels the run, which undoes it;
 * the second one leaves it where it is. What was recorded up to the event `after` is not told again.
 */
export async function followRun(
  context: Context,
  remit: Remit,
  runId: string,
  { json, after }: { json: boolean; after: number },
): Promise<number> {
  const { terminal } = context
  const columns = columnsOf(context)
  const story = new Story(columns)
  const live = json ? undefined : new LiveView(terminal, context.colors, () => story.running())
  const say = (lines: readonly Line[]) => (live ? live.append(lines) : note(context, lines))
  const cancel = new AbortController()
  const stop = new AbortController()
  let cancelledAt = 0
  const off = terminal.onInterrupt(() => {
    if (!cancel.signal.aborted) {
      const inFlight = count(story.running().length, 'call')
      say([[doubtful('Cancelling'), `: waiting for ${inFlight}, then undoing; Ctrl-C again to stop at once`]])
      cancelledAt = terminal.now()
      cancel.abort({ by: 'terminal', why: 'interrupted' })
    } else if (terminal.now() - cancelledAt > echoMs) stop.abort()
  })
  try {
    for (const event of await remit.events(runId)) {
      const lines = story.tell(event)
      if (event.seq > after) say(lines)
    }
    const situation = await remit.pursue(runId, {
      onEvent: (event) => say(story.tell(event)),
      onProgress: (callId, progress) => say(story.progress(callId, progress, terminal.now())),
      cancel: cancel.signal,
      signal: stop.signal,
    })
    live?.close()
    if (json) printJson(context, documentOf(situation))
    else print(context, endingLines(context, situation))
    return exitCodeOf(situation, stop.signal.aborted)
  } finally {
    off()
    live?.close()
  }
}

/** How a run's story ends: when the calls ran, how it stands, and where to look further. */
export function endingLines(context: Context, situation: Situation): Line[] {
  const columns = columnsOf(context)
  const chart = chartLines(situation, columns)
  return [
    [],
    ...(chart.length > 0 ? [...chart, []] : []),
    ...summaryLines(situation, { columns, command: commandName, folder: context.terminal.folder }),
  ]
}

function exitCodeOf({ status }: Situation, stopped: boolean): number {
  if (status === 'succeeded' || status === 'failed' || status === 'cancelled' || status === 'waiting')
    return exitCodes[status]
  return stopped ? exitCodes.cancelled : exitCodes.waiting
}
