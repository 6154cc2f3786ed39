import { resolve } from 'node:path'
import { type AddCommand, columnsOf, commandName, jsonOption, print, printJson } from '../context.ts'
import { interruptible } from '../open-interruptibly.ts'
import type { Backup } from '../remit.ts'
import { doubtful, good, type Line, name, paragraph } from '../text/line.ts'

/** `remit backup`: all that runs need to go on, in one file. */
export const addBackup: AddCommand = (program, context) => {
  program
    .command('backup')
    .summary('write all that this home keeps to a file')
    .description(
      'Write keys, secrets, the record and every database of the embedded Postgres to one file. Runs may go on.',
    )
    .argument('<file>', 'such as remit.tar.gz')
    .option(...jsonOption)
    .action(async (given: string, { json }: { json?: boolean }) => {
      const file = resolve(context.terminal.folder, given)
      const backup = await interruptible(context.terminal, (signal) => context.workplace.backUp(file, signal))
      if (json) printJson(context, { file, ...backup })
      else
        print(context, [
          [good('✓'), ' All of ', name(context.workplace.home), ' is in ', name(file)],
          ['  It holds keys and passwords: keep it as you keep those. To get it back:'],
          [`  ${commandName} restore ${given}`],
          ...databaseLines(backup, 'does not hold', columnsOf(context)),
        ])
    })
}

/** What the tools of an external Postgres have to do. */
export function databaseLines({ databases }: Backup, verb: string, columns: number): Line[] {
  if (!databases) return []
  const words = `Postgres is an external one, and this file ${verb} its databases: ${databases.join(', ')}. Take them, and its roles, with that server's own tools: a snapshot, or pg_dump for each and pg_dumpall --globals-only.`
  return paragraph([doubtful('!'), ' '], words, columns)
}
