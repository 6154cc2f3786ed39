import { type AddCommand, jsonOption, print, printJson } from '../context.ts'

/** `remit stop`: ends every process of this home. */
export const addStop: AddCommand = (program, context) => {
  program
    .command('stop')
    .summary('stop everything that runs for this home')
    .option('--unused', 'only where no command uses it: what a killed one left behind')
    .option(...jsonOption)
    .action(async ({ json, unused = false }: { json?: boolean; unused?: boolean }) => {
      const stopped = await context.workplace.stopEverything({ unused })
      if (json) return printJson(context, { stopped })
      print(context, [[stopped.length === 0 ? 'Nothing was running.' : `Stopped ${stopped.join(', ')}.`]])
    })
}
