import { documentOf } from '../../run/document.ts'
import {
  type AddCommand,
  type Context,
  columnsOf,
  jsonOption,
  print,
  printJson,
  runArgument,
  withRemit,
} from '../context.ts'
import { readFamily } from '../family.ts'
import { endingLines } from '../follow-run.ts'
import { runIdOf } from '../run-address.ts'
import { headerLines, vendorsOf } from '../story/header.ts'
import { promptLines } from '../story/prompt-lines.ts'
import { shortId } from '../story/short-id.ts'
import { Story } from '../story/story.ts'

/** `remit show`: the story of a run, told from its record. */
export const addShow: AddCommand = (program, context) => {
  program
    .command('show')
    .summary('tell the story of a run')
    .argument(...runArgument)
    .option('--prompts', 'show what models were asked and what they answered, as it was sent')
    .option(...jsonOption)
    .action(async (named: string, { json, prompts }: { json?: boolean; prompts?: boolean }) => {
      if (prompts) return showPrompts(named, { json: json === true }, context)
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

async function showPrompts(named: string, { json }: { json: boolean }, context: Context): Promise<void> {
  const events = await withRemit(context, { servers: false }, async (remit) =>
    remit.events(await runIdOf(remit, named)),
  )
  if (json)
    printJson(
      context,
      events.filter(({ type }) => type === 'model_asked' || type === 'model_answered'),
    )
  else print(context, promptLines(events))
}
