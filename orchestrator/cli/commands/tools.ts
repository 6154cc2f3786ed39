import { findTools } from '../../decide/find-tools.ts'
import { type AddCommand, jsonOption, print, printJson, tableFit } from '../context.ts'
import { table } from '../text/table.ts'

/** `remit tools`: every reviewed tool, or those that fit a query, the best first. */
export const addTools: AddCommand = (program, context) => {
  program
    .command('tools')
    .summary('list the tools, or find some')
    .argument('[query...]', 'words that say what a tool should do')
    .option(...jsonOption)
    .action((words: string[], { json }: { json?: boolean }) => {
      const { catalogue } = context.workplace
      const { tools: all } = catalogue
      const tools =
        words.length === 0 ? [...all.values()] : findTools(catalogue, words.join(' ')).map(({ tool }) => tool)
      if (json) return printJson(context, tools)
      if (tools.length === 0) return print(context, [['No tool fits that.']])
      print(
        context,
        table(
          [{ title: 'tool' }, { title: 'effect' }, { title: 'establishes' }, { title: 'title' }],
          tools.map(({ id, effect, establishes, title }) => [id, effect, establishes.join(', '), title]),
          tableFit(context),
        ),
      )
    })
}
