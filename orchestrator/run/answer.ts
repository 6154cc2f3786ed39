import { draft } from '../model/event.ts'
import { fold } from '../model/situation.ts'
import type { RunJournal } from './parts.ts'

/** An answer that cannot be taken: the run does not wait, or does not offer that choice. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError'
}

/** Records what a person answered to the run's open question. The run goes on when it is advanced next. */
export async function answer(
  runId: string,
  { choice, by, why }: { choice: string; by: string; why?: string },
  journal: RunJournal,
): Promise<void> {
  const situation = fold(await journal.read(runId))
  const wait = [...situation.waits.values()].find((open) => open.for === 'answer')
  if (!wait) throw new AnswerError(`Run ${runId} is ${situation.status} and waits for no answer`)
  const offered = wait.choices.map((offer) => offer.choice)
  if (!offered.includes(choice))
    throw new AnswerError(`Run ${runId} does not offer "${choice}"; it offers ${offered.join(', ')}`)
  await journal.append(
    runId,
    [draft('wait_ended', { wait_id: wait.wait_id, choice, by, ...(why === undefined ? {} : { why }) })],
    { status: 'running' },
  )
}
