import { type AddCommand, jsonOption, note, positiveInteger, runArgument } from '../context.ts'
import { followRun } from '../follow-run.ts'
import { runIdOf } from '../run-address.ts'
import { startUp } from '../start-up.ts'
import { shortId } from '../story/short-id.ts'

/** `remit fork`: starts a new run from a place in another, with what was established there. */
export const addFork: AddCommand = (program, context) => {
  program
    .command('fork')
    .summary('start a new run from a place in another')
    .description(
      'Start a new run of the same goal, with what stood in another run after one of its events. What that run did later is not part of it, and what it inherits it does not undo.',
    )
    .argument(...runArgument)
    .requiredOption('--at <seq>', 'after which event of the run (remit events shows them)', positiveInteger)
    .option(...jsonOption)
    .action(async (named: string, options: { at: number; json?: boolean }) => {
      const json = options.json === true
      const remit = await startUp(context, { servers: true }, { json })
      try {
        const from = await runIdOf(remit, named)
        const runId = await remit.fork(from, options.at)
        note(context, [[`Run ${shortId(runId)} starts from run ${shortId(from)}, event ${options.at}`]])
        context.exitCode = await followRun(context, remit, runId, { json })
      } finally {
        await remit.close()
      }
    })
}
