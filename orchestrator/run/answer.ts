import { draft } from '../model/event.ts'
import { apply, fold, type Situation, type WaitState } from '../model/situation.ts'
import type { RunJournal } from './parts.ts'

/** What a person decided about something that a run asks. */
export interface Answer {
  choice: string
  by: string
  why?: string
}

/** An answer that cannot be taken: the run does not ask for it, or not any more. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError'
}

/** Records what a person answered to the run's open question. The run goes on when it is advanced next. */
export async function answer(runId: string, given: Answer, journal: RunJournal): Promise<void> {
  const situation = fold(await journal.read(runId))
  const wait = [...situation.waits.values()].find((open) => open.for === 'answer')
  if (!wait) throw new AnswerError(`Run ${runId} is ${situation.status} and waits for no answer`)
  await endWait(situation, wait, given, journal)
}

/** Records the decision on one approval. Only who is asked in time is heard; a late one counts as denied already. */
export async function decideApproval(
  runId: string,
  approvalId: string,
  given: Answer,
  journal: RunJournal,
  now: Date,
): Promise<void> {
  const situation = fold(await journal.read(runId))
  const wait = situation.waits.get(approvalId)
  if (wait?.for !== 'approval') throw new AnswerError(`The approval ${approvalId} is not open any more`)
  if (wait.until !== undefined && Date.parse(wait.until) <= now.getTime())
    throw new AnswerError(`The approval ${approvalId} expired at ${wait.until}`)
  await endWait(situation, wait, given, journal)
}

/** Records that a run is to end: what it did is undone when it is advanced next. */
export async function requestCancel(
  runId: string,
  { by, why }: Omit<Answer, 'choice'>,
  journal: RunJournal,
): Promise<void> {
  const situation = fold(await journal.read(runId))
  if (situation.finished) throw new AnswerError(`Run ${runId} is ${situation.status} already`)
  if (situation.cancel_requested || situation.compensation)
    throw new AnswerError(`Run ${runId} is being undone already`)
  await journal.append(runId, [draft('cancel_requested', { by, ...(why === undefined ? {} : { why }) })])
}

async function endWait(
  situation: Situation,
  { wait_id, choices, since }: WaitState,
  { choice, by, why }: Answer,
  journal: RunJournal,
): Promise<void> {
  const { run_id } = situation
  const offered = choices.map((offer) => offer.choice)
  if (!offered.includes(choice))
    throw new AnswerError(`Run ${run_id} does not offer "${choice}"; it offers ${offered.join(', ')}`)
  const ended = draft('wait_ended', { wait_id, choice, by, ...(why === undefined ? {} : { why }) })
  // The run may wait for something else still. When it was answered does not matter to that.
  apply(situation, { ...ended, seq: situation.seq + 1, at: since })
  await journal.append(run_id, [ended], { status: situation.status })
}
