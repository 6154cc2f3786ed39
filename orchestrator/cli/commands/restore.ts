import { resolve } from 'node:path'
import { type AddCommand, columnsOf, commandName, jsonOption, print, printJson } from '../context.ts'
import { interruptible } from '../open-interruptibly.ts'
import { good, name, paragraph } from '../text/line.ts'
import { databaseLines } from './backup.ts'

/** `remit restore`: makes a backup this home. */
export const addRestore: AddCommand = (program, context) => {
  program
    .command('restore')
    .summary('make a backup this home')
    .argument('<file>', 'what "backup" wrote')
    .option('--replace', 'where this home holds something: move that aside first')
    .option(...jsonOption)
    .action(async (given: string, { json, replace = false }: { json?: boolean; replace?: boolean }) => {
      const { terminal, workplace } = context
      const file = resolve(terminal.folder, given)
      const restored = await interruptible(terminal, (signal) => workplace.restore(file, { replace, signal }))
      if (json) return printJson(context, { file, ...restored })
      const columns = columnsOf(context)
      const warning = 'Never let both go on: what ran elsewhere after that instant, the runs here would do again.'
      print(context, [
        [good('✓'), ' ', name(workplace.home), ` is as it was at ${restored.made_at}.`],
        ...(restored.replaced === undefined ? [] : [['  What was there before is in ', name(restored.replaced)]]),
        ...paragraph(['  '], warning, columns),
        [`  ${commandName} verify    proves that the record was not altered`],
        [`  ${commandName} runs      runs that wait go on from here`],
        ...databaseLines(restored, 'did not hold', columns),
      ])
    })
}
