import { type AddCommand, jsonOption, runArgument } from '../context.ts'
import { followRun, recordedBy } from '../follow-run.ts'
import { InputError } from '../remit.ts'
import { runIdOf } from '../run-address.ts'
import { startUp } from '../start-up.ts'

/** `remit resume`: takes over a run whose process ended before it did, from where the record stands. */
export const addResume: AddCommand = (program, context) => {
  program
    .command('resume')
    .summary('take over a run whose process ended before it did')
    .argument(...runArgument)
    .option(...jsonOption)
    .action(async (named: string, options: { json?: boolean }) => {
      const json = options.json === true
      const remit = await startUp(context, { servers: true }, { json })
      try {
        const runId = await runIdOf(remit, named)
        const { finished, status } = await remit.situation(runId)
        if (finished) throw new InputError(`Run ${runId} is ${status}: there is nothing to resume`)
        context.exitCode = await followRun(context, remit, runId, { json, told: await recordedBy(remit, runId) })
      } finally {
        await remit.close()
      }
    })
}
