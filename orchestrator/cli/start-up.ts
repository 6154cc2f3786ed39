import { type Context, columnsOf, note, print } from './context.ts'
import { agreeToGoLive } from './go-live.ts'
import { openInterruptibly } from './open-interruptibly.ts'
import type { OpenOptions, Remit } from './remit.ts'
import { LiveView } from './story/live-view.ts'
import { duration } from './text/duration.ts'
import { doubtful, faint, type Line, paragraph } from './text/line.ts'

/** Opens Remit with its servers, and tells what was started and how long it took; on stderr where stdout is for JSON. */
export async function startUp(
  context: Context,
  options: OpenOptions,
  { json, yes = false }: { json: boolean; yes?: boolean },
): Promise<Remit> {
  await agreeToGoLive(context, { yes })
  const { terminal, colors } = context
  const begun = terminal.now()
  const starting = new Map<string, number>()
  const started: string[] = []
  const live = json
    ? undefined
    : new LiveView(terminal, colors, () => [...starting].map(([label, since]) => ({ label, since })))
  try {
    const watched: OpenOptions = {
      ...options,
      onStarting: (what) => void starting.set(what, terminal.now()),
      onStarted(what) {
        started.push(`${what} ${duration(terminal.now() - (starting.get(what) ?? begun))}`)
        starting.delete(what)
      },
    }
    const remit = await openInterruptibly(context, watched, () => {
      const lines: Line[] = [[doubtful('Interrupted'), ': stopping what was started']]
      if (live) live.append(lines)
      else note(context, lines)
    })
    live?.close()
    const all = [...started, ...starting.keys()]
    const lines: Line[] = paragraph(
      ['  ', faint('started'.padEnd(9))],
      `in ${duration(terminal.now() - begun)}${all.length > 0 ? `: ${all.join(' · ')}` : ''}`,
      columnsOf(context),
    )
    if (json) note(context, lines)
    else print(context, lines)
    return remit
  } finally {
    live?.close()
  }
}
