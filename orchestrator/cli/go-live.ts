import { type Context, columnsOf, commandName, note } from './context.ts'
import { untilInterrupted } from './open-interruptibly.ts'
import { type GoingLive, InputError } from './remit.ts'
import { block, type Line, paragraph } from './text/line.ts'

/**
 * Names what live mode reaches and as whom, and goes on only where a person agrees: on the terminal, or by `yes` beforehand.
 * It is asked once for the same endpoints, credentials and settings. Nothing is asked in emulated mode.
 */
export async function agreeToGoLive(
  context: Context,
  { yes, server }: { yes: boolean; server?: string },
): Promise<void> {
  const { workplace, terminal } = context
  const live = await workplace.goingLive(server)
  if (!live) return
  note(context, liveLines(live, columnsOf(context)))
  if (yes) return live.agree()
  if (!terminal.canAsk)
    throw new InputError(
      `Nobody has agreed to go live with these accounts. Run it on a terminal, or once with --yes: ${commandName} ${server === undefined ? 'run GOAL' : `serve ${server}`} --yes`,
    )
  const answer = await untilInterrupted(terminal, () => terminal.ask('Go live with these accounts? [y/N] '))
  if (!/^\s*y(es)?\s*$/i.test(answer ?? '')) throw new InputError('Not gone live: nothing was started')
  live.agree()
}

function liveLines({ servers, record }: GoingLive, columns: number): Line[] {
  return [
    ['This is live: what runs reaches real vendors, and costs and sends what it says.'],
    ...servers.flatMap(({ name, endpoints, accounts, settings }): Line[] => {
      const told = [endpoints.join(', '), ...accounts, ...settings].filter((text) => text !== '')
      const [first = 'nothing outside', ...rest] = told
      return [
        ...paragraph([`  ${name.padEnd(nameWidth)}  `], first, columns),
        ...rest.flatMap((text) => block([' '.repeat(nameWidth + 4)], text, columns)),
      ]
    }),
    ...paragraph([`  ${'record'.padEnd(nameWidth)}  `], record, columns),
  ]
}

const nameWidth = 13
