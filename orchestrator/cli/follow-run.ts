import type { Situation } from '../model/situation.ts'
import { documentOf } from '../run/document.ts'
import { type Context, columnsOf, commandName, note, print, printJson } from './context.ts'
import { type Family, readFamily, rootOf } from './family.ts'
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

/** Up to which event each run was told already. */
export type Told = ReadonlyMap<string, number>

/** All that is recorded by now of what {@link followRun} would follow. */
export async function recordedBy(remit: Remit, runId: string): Promise<Told> {
  const { situations } = await readFamily(remit, await rootOf(remit, runId))
  return new Map([...situations].map(([id, { seq }]) => [id, seq]))
}

/**
 * Pursues a run before a person's eyes, and returns the exit code: the whole run, where it is a part of one that has not
 * ended. The first interrupt cancels the run, which undoes it; the second one leaves it where it is.
 */
export async function followRun(
  context: Context,
  remit: Remit,
  partId: string,
  { json, told = new Map() }: { json: boolean; told?: Told },
): Promise<number> {
  const { terminal } = context
  const runId = await rootOf(remit, partId)
  const story = new Story(columnsOf(context), runId)
  const live = json ? undefined : new LiveView(terminal, context.colors, () => story.running())
  const say = (lines: readonly Line[]) => (live ? live.append(lines) : note(context, lines))
  const cancel = new AbortController()
  const stop = new AbortController()
  let cancelledAt = 0
  const off = terminal.onInterrupt(() => {
    if (!cancel.signal.aborted) {
      const inFlight = count(story.running().filter(({ until }) => until === undefined).length, 'call')
      say([[doubtful('Cancelling'), `: waiting for ${inFlight}, then undoing; Ctrl-C again to stop at once`]])
      cancelledAt = terminal.now()
      cancel.abort({ by: 'terminal', why: 'interrupted' })
    } else if (terminal.now() - cancelledAt > echoMs) stop.abort()
  })
  try {
    for (const { event, situation } of (await readFamily(remit, runId)).history) {
      const lines = story.tell(event, situation)
      if (event.seq > (told.get(event.run_id) ?? 0)) say(lines)
    }
    const situation = await remit.pursue(runId, {
      onEvent: (event, current) => say(story.tell(event, current)),
      onProgress: (callId, progress) => say(story.progress(callId, progress, terminal.now())),
      cancel: cancel.signal,
      signal: stop.signal,
    })
    live?.close()
    const family = await readFamily(remit, runId)
    if (json) printJson(context, documentOf(situation, family.situations))
    else print(context, endingLines(context, situation, family))
    return exitCodeOf(situation, stop.signal.aborted)
  } finally {
    off()
    live?.close()
  }
}

/** How a run's story ends: when the calls ran, how it stands, and where to look further. */
export function endingLines(
  context: Context,
  situation: Situation,
  { place, situations }: Pick<Family, 'place' | 'situations'>,
): Line[] {
  const columns = columnsOf(context)
  const chart = chartLines(situation, columns)
  const options = { columns, command: commandName, folder: context.terminal.folder, place, situations }
  return [[], ...(chart.length > 0 ? [...chart, []] : []), ...summaryLines(situation, options)]
}

function exitCodeOf({ status }: Situation, stopped: boolean): number {
  if (status === 'succeeded' || status === 'failed' || status === 'cancelled' || status === 'waiting')
    return exitCodes[status]
  return stopped ? exitCodes.cancelled : exitCodes.waiting
}
