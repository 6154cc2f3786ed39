import type { Json } from '../../../shared/json.ts'
import { redactSealed } from '../../model/seal.ts'
import { type AddCommand, print, runArgument, tableFit, withRemit } from '../context.ts'
import { runIdOf } from '../run-address.ts'
import { gistsOf } from '../story/gist.ts'
import { table } from '../text/table.ts'

/** `remit events`: the record of a run, event by event. */
export const addEvents: AddCommand = (program, context) => {
  program
    .command('events')
    .summary('list the events of a run')
    .argument(...runArgument)
    .option('--json', 'print one JSON document a line on stdout, and nothing else there')
    .action(async (named: string, { json }: { json?: boolean }) => {
      const events = await withRemit(context, { servers: false }, async (remit) =>
        remit.events(await runIdOf(remit, named)),
      )
      if (json) {
        const lines = events.map((event) => `${JSON.stringify(redactSealed(event as unknown as Json))}\n`)
        return context.terminal.stdout(lines.join(''))
      }
      const gists = gistsOf(events)
      print(
        context,
        table(
          [{ title: 'seq', align: 'right' }, { title: 'at' }, { title: 'type' }, { title: 'what' }],
          events.map((event, index) => [String(event.seq), event.at.slice(11, 23), event.type, gists[index] ?? '']),
          tableFit(context),
        ),
      )
    })
}
