import { isJsonObject } from '../../../shared/json.ts'
import { type AddCommand, jsonOption, runArgument, runIdOf } from '../context.ts'
import { followRun } from '../follow-run.ts'
import { readInput } from '../read-input.ts'
import { InputError, type Remit } from '../remit.ts'
import { startUp } from '../start-up.ts'

/** `remit answer`: answers what a run asked, and pursues it further. */
export const addAnswer: AddCommand = (program, context) => {
  program
    .command('answer')
    .summary('answer what a run asks, and go on with it')
    .argument(...runArgument)
    .argument('<choice>', 'one of the choices that the run offers')
    .option('--input <file|json>', 'with "change": what changes of the input, as a JSON Merge Patch')
    .option('--why <text>', 'why, for the record')
    .option(...jsonOption)
    .action(async (named: string, choice: string, options: { input?: string; why?: string; json?: boolean }) => {
      const json = options.json === true
      const { workplace, terminal } = context
      const patch = options.input === undefined ? {} : await readInput(options.input, [terminal.folder, workplace.root])
      if (!isJsonObject(patch)) throw new InputError('--input must be a JSON object: what changes of the input')
      const given = {
        ...(options.why === undefined ? {} : { why: options.why }),
        ...(options.input === undefined ? {} : { change: patch }),
      }
      const remit = await startUp(context, { servers: true }, { json })
      try {
        const runId = await runIdOf(remit, named)
        const after = await checkChoice(remit, runId, choice)
        await remit.answer(runId, choice, given)
        context.exitCode = await followRun(context, remit, runId, { json, after })
      } finally {
        await remit.close()
      }
    })
}

/** Throws unless the run offers the choice; returns up to which event it was told already. */
async function checkChoice(remit: Remit, runId: string, choice: string): Promise<number> {
  const { status, waits, seq } = await remit.situation(runId)
  const open = [...waits.values()]
  const wait = open.find((one) => one.for === 'answer') ?? open.find((one) => one.for === 'timer')
  if (!wait) throw new InputError(`Run ${runId} is ${status} and waits for no answer`)
  if (wait.choices.some((offer) => offer.choice === choice)) return seq
  throw new InputError(
    `Run ${runId} does not offer "${choice}"; it asks: ${wait.question}`,
    wait.choices.map((offer) => ({ path: offer.choice, message: offer.title })),
  )
}
