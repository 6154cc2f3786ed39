import { type AddCommand, jsonOption, runArgument, runIdOf } from '../context.ts'
import { followRun } from '../follow-run.ts'
import { InputError, type Remit } from '../remit.ts'
import { startUp } from '../start-up.ts'

/** `remit answer`: answers what a run asked, and pursues it further. */
export const addAnswer: AddCommand = (program, context) => {
  program
    .command('answer')
    .summary('answer what a run asks, and go on with it')
    .argument(...runArgument)
    .argument('<choice>', 'one of the choices that the run offers')
    .option('--why <text>', 'why, for the record')
    .option(...jsonOption)
    .action(async (named: string, choice: string, options: { why?: string; json?: boolean }) => {
      const json = options.json === true
      const remit = await startUp(context, { servers: true }, { json })
      try {
        const runId = await runIdOf(remit, named)
        const after = await checkChoice(remit, runId, choice)
        await remit.answer(runId, choice, options.why)
        context.exitCode = await followRun(context, remit, runId, { json, after })
      } finally {
        await remit.close()
      }
    })
}

/** Throws unless the run offers the choice; returns up to which event it was told already. */
async function checkChoice(remit: Remit, runId: string, choice: string): Promise<number> {
  const { status, waits, seq } = await remit.situation(runId)
  const wait = [...waits.values()].find((open) => open.for === 'answer')
  if (!wait) throw new InputError(`Run ${runId} is ${status} and waits for no answer`)
  if (wait.choices.some((offer) => offer.choice === choice)) return seq
  throw new InputError(
    `Run ${runId} does not offer "${choice}"; it asks: ${wait.question}`,
    wait.choices.map((offer) => ({ path: offer.choice, message: offer.title })),
  )
}
