import { documentOf } from '../../run/document.ts'
import { type AddCommand, columnsOf, jsonOption, print, printJson, runArgument, withRemit } from '../context.ts'
import { readFamily } from '../family.ts'
import { endingLines } from '../follow-run.ts'
import { runIdOf } from '../run-address.ts'
import { headerLines, vendorsOf } from '../story/header.ts'
import { shortId } from '../story/short-id.ts'
import { Story } from '../story/story.ts'

/** `remit show`: the story of a run, told from its record. */
export const addShow: AddCommand = (program, context) => {
  program
    .command('show')
    .summary('tell the story of a run')
    .argument(...runArgument)
    .option(...jsonOption)
    .action(async (named: string, { json }: { json?: boolean }) => {
      const family = await withRemit(context, { servers: false }, async (remit) =>
        readFamily(remit, await runIdOf(remit, named)),
      )
      const { root, place, history, situations } = family
      if (json) return printJson(context, documentOf(root, situations))
      const columns = columnsOf(context)
      const story = new Story(columns, root.run_id)
      const { goal, input, mode, parent } = root.created
      const partOf = parent ? { partOf: `${shortId(parent.run_id)}, as ${place.tag}` } : {}
      const vendors = vendorsOf(context.workplace.catalogue)
      print(context, headerLines({ goal, input, mode, vendors, ...partOf }, columns))
      for (const { event, situation } of history) print(context, story.tell(event, situation))
      print(context, endingLines(context, root, family))
    })
}
