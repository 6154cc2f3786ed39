import { type AddCommand, jsonOption, runArgument, runIdOf } from '../context.ts'
import { followRun } from '../follow-run.ts'
import { startUp } from '../start-up.ts'

/** `remit cancel`: ends a run that rests, and undoes what it did. A run that is under way is cancelled by Ctrl-C. */
export const addCancel: AddCommand = (program, context) => {
  program
    .command('cancel')
    .summary('end a run that rests, and undo what it did')
    .argument(...runArgument)
    .option('--why <text>', 'why, for the record')
    .option(...jsonOption)
    .action(async (named: string, options: { why?: string; json?: boolean }) => {
      const json = options.json === true
      const remit = await startUp(context, { servers: true }, { json })
      try {
        const runId = await runIdOf(remit, named)
        const { seq } = await remit.situation(runId)
        await remit.cancel(runId, options.why)
        context.exitCode = await followRun(context, remit, runId, { json, after: seq })
      } finally {
        await remit.close()
      }
    })
}
