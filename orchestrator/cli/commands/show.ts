import { fold } from '../../model/situation.ts'
import { documentOf } from '../../run/document.ts'
import {
  type AddCommand,
  columnsOf,
  jsonOption,
  print,
  printJson,
  runArgument,
  runIdOf,
  withRemit,
} from '../context.ts'
import { endingLines } from '../follow-run.ts'
import { headerLines, vendorsOf } from '../story/header.ts'
import { Story } from '../story/story.ts'

/** `remit show`: the story of a run, told from its record. */
export const addShow: AddCommand = (program, context) => {
  program
    .command('show')
    .summary('tell the story of a run')
    .argument(...runArgument)
    .option(...jsonOption)
    .action(async (named: string, { json }: { json?: boolean }) => {
      const events = await withRemit(context, { servers: false }, async (remit) =>
        remit.events(await runIdOf(remit, named)),
      )
      const situation = fold(events)
      if (json) return printJson(context, documentOf(situation))
      const columns = columnsOf(context)
      const story = new Story(columns)
      const { goal, input, mode } = situation.created
      print(context, headerLines({ goal, input, mode, vendors: vendorsOf(context.workplace.catalogue) }, columns))
      print(
        context,
        events.flatMap((event) => story.tell(event)),
      )
      print(context, endingLines(context, situation))
    })
}
