import { type AddCommand, jsonOption, runArgument } from '../context.ts'
import { followRun, recordedBy } from '../follow-run.ts'
import { runIdOf } from '../run-address.ts'
import { startUp } from '../start-up.ts'

/** `remit cancel`: ends a run, whoever pursues it, and undoes what it did. */
export const addCancel: AddCommand = (program, context) => {
  program
    .command('cancel')
    .summary('end a run, and undo what it did')
    .argument(...runArgument)
    .option('--why <text>', 'why, for the record')
    .option(...jsonOption)
    .action(async (named: string, options: { why?: string; json?: boolean }) => {
      const json = options.json === true
      const remit = await startUp(context, { servers: true }, { json })
      try {
        const runId = await runIdOf(remit, named)
        const told = await recordedBy(remit, runId)
        await remit.cancel(runId, options.why)
        context.exitCode = await followRun(context, remit, runId, { json, told })
      } finally {
        await remit.close()
      }
    })
}
