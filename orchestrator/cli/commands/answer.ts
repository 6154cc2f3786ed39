import { isJsonObject } from '../../../shared/json.ts'
import { type AddCommand, jsonOption, runArgument } from '../context.ts'
import { followRun, recordedBy } from '../follow-run.ts'
import { readInput } from '../read-input.ts'
import { InputError, type Remit } from '../remit.ts'
import { placeOf, runIdOf } from '../run-address.ts'
import { startUp } from '../start-up.ts'
import { asksOf } from '../story/asks.ts'

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
        await checkChoice(remit, runId, choice)
        const told = await recordedBy(remit, runId)
        await remit.answer(runId, choice, given)
        context.exitCode = await followRun(context, remit, runId, { json, told })
      } finally {
        await remit.close()
      }
    })
}

/** Throws unless the run offers the choice, naming what it offers, or which of its sub-goals ask. */
async function checkChoice(remit: Remit, runId: string, choice: string): Promise<void> {
  const situation = await remit.situation(runId)
  const open = [...situation.waits.values()]
  const wait = open.find((one) => one.for === 'answer') ?? open.find((one) => one.for === 'timer')
  if (!wait) {
    const others = asksOf(situation, new Map(), await placeOf(remit, situation))
    throw new InputError(
      `Run ${runId} is ${situation.status} and waits for no answer${others.length > 0 ? '; its sub-goals do' : ''}`,
      others.map(({ place, wait: { question } }) => ({ path: `answer ${place.address} …`, message: question })),
    )
  }
  if (wait.choices.some((offer) => offer.choice === choice)) return
  throw new InputError(
    `Run ${runId} does not offer "${choice}"; it asks: ${wait.question}`,
    wait.choices.map((offer) => ({ path: offer.choice, message: offer.title })),
  )
}
