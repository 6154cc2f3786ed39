import { type AddCommand, jsonOption, print, printJson } from '../context.ts'

/** `remit stop`: ends every process of this home. */
export const addStop: AddCommand = (program, context) => {
  program
    .command('stop')
    .summary('stop everything that runs for this home')
    .option(...jsonOption)
    .action(async ({ json }: { json?: boolean }) => {
      const stopped = await context.workplace.stopEverything()
      if (json) return printJson(context, { stopped })
      print(context, [[stopped.length === 0 ? 'Nothing was running.' : `Stopped ${stopped.join(', ')}.`]])
    })
}
